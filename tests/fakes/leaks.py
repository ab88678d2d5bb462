"""Looks for values that nobody must see: in files, in text, and in what processes were given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PAUSE_S = 0.05


def files_with(folder: Path, value: str) -> list[Path]:
    """Every file below the folder that holds the value."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and value.encode() in path.read_bytes()
    ]


@contextmanager
def watched_arguments(values: dict[str, str]) -> Iterator[set[str]]:
    """Look at the arguments of all processes while the block runs; what was found, by name."""
    found: set[str] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(PAUSE_S):
            found.update(_in_arguments(values))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def _in_arguments(values: dict[str, str]) -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            given = path.read_bytes()
            yield from (name for name, value in values.items() if value.encode() in given)
