"""Where in the user's project something happened: `services/llm.py:12`."""

from __future__ import annotations

import functools
import re
import sys
import sysconfig
from pathlib import Path
from types import TracebackType

_FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+)')


def is_project_file(filename: str, root: Path) -> bool:
    """True for a file of the user, not of the interpreter or an installed package."""
    if filename.startswith("<"):
        return False
    path = Path(filename)
    if not path.is_absolute():
        path = root / path
    return path.is_relative_to(root) and not is_installed_file(str(path))


def is_installed_file(filename: str) -> bool:
    """True for a file of the interpreter or of an installed package."""
    return filename.startswith(_homes())


@functools.cache
def _homes() -> tuple[str, ...]:
    """Where the interpreter and installed packages live, often inside a project."""
    paths = sysconfig.get_paths()
    return tuple(f"{home}/" for home in (sys.prefix, paths["purelib"], paths["stdlib"]))


def place(filename: str, line: int | None, root: Path) -> str:
    """`file:line`, relative to the project."""
    path = Path(filename)
    shown = path.relative_to(root) if path.is_absolute() else path
    return f"{shown.as_posix()}:{line}" if line else shown.as_posix()


def place_of(error: BaseException, root: Path) -> str:
    """The last line of the user's own code that the error passed; empty when there is none."""
    if isinstance(error, SyntaxError) and is_project_file(error.filename or "<unknown>", root):
        return place(str(error.filename), error.lineno, root)
    found = ""
    step: TracebackType | None = error.__traceback__
    while step is not None:
        filename = step.tb_frame.f_code.co_filename
        if is_project_file(filename, root):
            found = place(filename, step.tb_lineno, root)
        step = step.tb_next
    return found


def place_in_dump(dump: str, root: Path) -> str:
    """The innermost line of the user's own code in stacks written by faulthandler."""
    for text in dump.splitlines():
        match = _FRAME.match(text)
        if match and is_project_file(match["file"], root):
            return place(match["file"], int(match["line"]), root)
    return ""
