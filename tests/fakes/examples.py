"""The examples of docs/resources: Python blocks, and the files that they name in a first line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).parents[2] / "docs" / "resources"
_BLOCK: Final = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
_FILE: Final = re.compile(r"# ([\w/]+\.py)\n")


def program() -> str:
    """All examples in one program."""
    return "\n".join(block for block in _blocks() if not _FILE.match(block))


def files() -> dict[str, str]:
    """The files that examples are about, by path."""
    found = {}
    for block in _blocks():
        named = _FILE.match(block)
        if named:
            found[named[1]] = block[named.end() :]
    return found


def _blocks() -> list[str]:
    pages = sorted(PAGES.glob("*.md"))
    return [block for page in pages for block in _BLOCK.findall(page.read_text("utf-8"))]
