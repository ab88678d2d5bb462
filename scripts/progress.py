"""Long commands that show that they move, and their last words when they fail."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

EVERY_S: Final = 15.0
_LAST_LINES: Final = 30


class SetupError(Exception):
    """Set-up cannot go on; the message says why and what to do."""


def say(sentence: str) -> None:
    """Talk to the person who waits."""
    print(sentence, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Step:
    """A command that takes long, and how its output tells how far it is."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    is_step: Callable[[str], bool]
    """Whether a line of the output means one more thing done."""
    unit: str
    total: int | None = None
    """How many there are, where that is known."""
    last_phase: tuple[str, str] | None = None
    """How the line begins after which nothing is counted any more, and what happens then."""


@dataclass(slots=True)
class Watch:
    """How far a step is, from what it prints."""

    step: Step
    started_at: float = field(default_factory=time.monotonic)
    done: int = 0
    is_in_last_phase: bool = False
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))

    def read(self, line: str) -> None:
        self.last_lines.append(line)
        self.done += self.step.is_step(line)
        if self.step.last_phase is not None and line.startswith(self.step.last_phase[0]):
            self.is_in_last_phase = True

    def report(self) -> None:
        step = self.step
        total = "" if step.total is None else f" of {step.total}"
        done = f"{self.done}{total} {step.unit}"
        if step.last_phase is not None and self.is_in_last_phase:
            done = step.last_phase[1]
        say(f"  {step.name}: {done}, {duration(time.monotonic() - self.started_at)}")


def run_step(step: Step) -> None:
    """Run it, with a line every now and then. Raises SetupError with its last lines."""
    watch = Watch(step)
    is_over = threading.Event()

    def report() -> None:
        while not is_over.wait(EVERY_S):
            watch.report()

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    try:
        status = _read_all(watch)
    finally:
        is_over.set()
        reporter.join()
    if status:
        tail = "\n".join(f"    {line}" for line in watch.last_lines)
        raise SetupError(f"{step.name} failed (exit {status}):\n{tail}")


def duration(seconds: float) -> str:
    """`1 min 5 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _read_all(watch: Watch) -> int:
    step = watch.step
    with subprocess.Popen(
        step.command,
        cwd=step.folder,
        env=step.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        if process.stdout is not None:
            for line in process.stdout:
                watch.read(line.rstrip("\n"))
        return process.wait()
