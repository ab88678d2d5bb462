"""Looks for values that nobody must see: in files, in texts, and in what processes were given.

Two watchers, for what one of them misses: `/proc` is read again and again while the block runs, so
it sees every process that lives for a while, whoever started it; and each Python process tells of
every process that it starts (tests/fakes/spawns), so that none is too short-lived to be seen.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PAUSE_S = 0.2
SPAWNS = Path(__file__).parent / "spawns"
_CONTAINER = b"MODAL_TASK_ID="


@dataclass(frozen=True)
class Seen:
    """A value in what a process was given."""

    value: str
    """By its name in the test."""
    place: str
    """`arguments` or `environment`."""
    program: str
    in_container: bool = False


def files_with(folder: Path, value: str) -> list[Path]:
    """Every file below the folder that holds the value."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and value.encode() in path.read_bytes()
    ]


@contextmanager
def watched_processes(values: Mapping[str, str]) -> Iterator[set[Seen]]:
    """Look at all processes while the block runs; where a value was seen."""
    found: set[Seen] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(PAUSE_S):
            for process in Path("/proc").glob("[0-9]*"):
                found.update(_in_process(process, values))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def told_spawns(log: Path, values: Mapping[str, str]) -> tuple[int, set[Seen]]:
    """How many processes Python processes told to have started, and where a value was in them."""
    spawns = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return len(spawns), {
        Seen(name, place, str(one["program"]), _CONTAINER.decode() in one["environment"])
        for one in spawns
        for place in ("arguments", "environment")
        for name, value in values.items()
        if value in one[place]
    }


def _in_process(process: Path, values: Mapping[str, str]) -> Iterator[Seen]:
    with suppress(OSError):
        arguments = (process / "cmdline").read_bytes()
        environment = (process / "environ").read_bytes()
        for name, value in values.items():
            for place, given in (("arguments", arguments), ("environment", environment)):
                if value.encode() in given:
                    program = arguments.replace(b"\0", b" ").decode(errors="replace")[:200]
                    yield Seen(name, place, program, _CONTAINER in environment)
