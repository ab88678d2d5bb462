"""The file of a service: in the project, there, and Python. The planner looks into it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pulumi_modal.spec.problem import nearest_of
from pulumi_modal.spec.refusal import Refusal

ALLOWED: Final = "the path of a Python file in this project, like services/embeddings.py"
_SKIPPED: Final = frozenset({"node_modules", "__pycache__"})
_MOST_FILES: Final = 2000


def source_path(value: object, root: Path) -> str:
    """The path relative to the project root, in its one canonical form; raises a Refusal."""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise Refusal("is not a path", allowed=ALLOWED)
    base = root.resolve()
    try:
        path = (base / value.strip()).resolve()
    except (OSError, RuntimeError) as error:
        raise Refusal("cannot be followed", allowed=ALLOWED) from error
    if not path.is_relative_to(base):
        raise Refusal("is outside the project", allowed=ALLOWED)
    shown = path.relative_to(base).as_posix()
    if not _stands(path.is_file):
        what = "is a folder, not a file" if _stands(path.is_dir) else "does not exist"
        near = nearest_of(shown, _python_files(base))
        raise Refusal(what, allowed=ALLOWED, nearest=near)
    if path.suffix != ".py":
        raise Refusal("is not a .py file", allowed=ALLOWED)
    return shown


def _stands(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except OSError:  # a name that is too long, say
        return False


def _python_files(root: Path) -> Iterator[str]:
    """Python files of the project, to propose one; hidden folders left out."""
    seen = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _SKIPPED
        )
        for name in files:
            if name.endswith(".py"):
                yield (Path(folder) / name).relative_to(root).as_posix()
        seen += len(files)
        if seen > _MOST_FILES:
            return
