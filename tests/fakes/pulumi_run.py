"""One run of the real `pulumi` command line: with a deadline, its text, and the engine's events."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

DEADLINE_S = 150.0
ENDING_S = 10.0
BIN = Path(sys.prefix) / "bin"
_UNCHANGED = {"same", "read", "refresh"}
_PROVIDERS = "pulumi:providers:"
"""A provider's own resource holds the whole configuration: it changes whenever that does."""


@dataclass(frozen=True)
class Step:
    """What the engine did, or would do, to one resource."""

    kind: str
    """Last word of its type: `App`, `Environment`, `Service`, `Stack`."""
    name: str
    op: str
    changes: Mapping[str, str]
    """Path of each input that differs -> how, from the engine's detailed diff."""
    new: Mapping[str, Any]
    """The inputs that it has now."""


@dataclass(frozen=True)
class Run:
    """A command that ended."""

    command: str
    status: int
    text: str
    """What a person reads: stdout and stderr."""
    events: Sequence[Mapping[str, Any]] = field(repr=False, default=())

    @property
    def steps(self) -> list[Step]:
        """Everything that is not left as it is."""
        return [step for step in self._all_steps() if step.op not in _UNCHANGED]

    @property
    def errors(self) -> list[str]:
        """Diagnostics of severity error, as people read them."""
        return self._said("error")

    @property
    def warnings(self) -> list[str]:
        """Diagnostics of severity warning."""
        return self._said("warning")

    def step(self, name: str, kind: str = "App") -> Step:
        """The step of one resource, also when it stays as it is."""
        (found,) = [one for one in self._all_steps() if (one.name, one.kind) == (name, kind)]
        return found

    def _all_steps(self) -> Iterator[Step]:
        for event in self.events:
            for key in ("resourcePreEvent", "resOutputsEvent"):
                metadata = event.get(key, {}).get("metadata")
                # A refresh says what it found only at the end of a step.
                is_told = key == "resourcePreEvent" or (metadata or {}).get("op") == "refresh"
                if metadata and is_told and not metadata["type"].startswith(_PROVIDERS):
                    yield _step(metadata)

    def _said(self, severity: str) -> list[str]:
        found = [event.get("diagnosticEvent", {}) for event in self.events]
        return [one["message"].strip() for one in found if one.get("severity") == severity]


def _step(metadata: Mapping[str, Any]) -> Step:
    detailed = metadata.get("detailedDiff") or {}
    return Step(
        kind=metadata["type"].rpartition(":")[2],
        name=metadata["urn"].rpartition("::")[2],
        op=metadata["op"],
        changes={path: one["diffKind"] for path, one in detailed.items()},
        new=(metadata.get("new") or {}).get("inputs") or {},
    )


def find_pulumi() -> str:
    """The engine under test: of the virtual environment, else the user's own."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    found = shutil.which("pulumi", path=path)
    if found is None:
        raise AssertionError("there is no pulumi here: run 'make setup'")
    return found


class RunningCommand:
    """A command in progress: in a process group of its own, ended with all that it started."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._orphans: list[psutil.Process] = []

    def family(self) -> list[psutil.Process]:
        """The command's own process and all that it started."""
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(self.process.pid)
            return [own, *own.children(recursive=True)]
        return []

    def wait(self, deadline_s: float) -> str:
        """What it said; fails when it did not end in time."""
        try:
            said, _ = self.process.communicate(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            said = self.end()
            raise AssertionError(f"did not end within {deadline_s:g} s:\n{said}") from None
        return said

    def kill(self) -> None:
        """SIGKILL to the command alone: what it started is left to itself."""
        self._orphans = self.family()
        self.process.kill()

    def end(self) -> str:
        """Kill it with all that it started, or left behind; what it said."""
        processes = [*self._orphans, *self.family()]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        said = ""
        if self.process.stdout and not self.process.stdout.closed:
            said, _ = self.process.communicate(timeout=ENDING_S)
        psutil.wait_procs(processes, timeout=ENDING_S)
        return said


def read_events(path: Path) -> list[dict[str, Any]]:
    """The engine's events, without its talk about itself."""
    if not path.is_file():
        return []
    events = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    return [
        event for event in events if event.get("diagnosticEvent", {}).get("severity") != "debug"
    ]
