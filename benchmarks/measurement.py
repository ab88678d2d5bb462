"""What a benchmark measures, and the few sums done with it."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class BenchmarkFailed(Exception):
    """A measurement could not be made; the message says what went wrong."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Two medians of one run, side by side."""

    what: str
    unit: str
    ours: float
    against: float
    against_what: str
    aim: str = ""
    """A bound on the ratio, as people write it: `< 1.5`; empty when there is none."""

    @property
    def ratio(self) -> float:
        """Ours by the other's."""
        return self.ours / self.against if self.against else math.inf

    @property
    def meets_aim(self) -> bool | None:
        """None when there is no aim."""
        return self.ratio < float(self.aim.removeprefix("<")) if self.aim else None


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended well."""

    seconds: float
    output: str


def run_command(
    command: Sequence[str], *, folder: Path, env: Mapping[str, str], deadline_s: float
) -> Finished:
    """Run to the end, in a process group that never outlives the call. Raises BenchmarkFailed."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=deadline_s)
        except subprocess.TimeoutExpired as error:
            raise BenchmarkFailed(f"{_name(command)} took more than {deadline_s:g} s") from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    seconds = time.perf_counter() - started
    if process.returncode != 0:
        tail = "\n".join(output.splitlines()[-30:])
        raise BenchmarkFailed(f"{_name(command)} ended with {process.returncode}:\n{tail}")
    return Finished(seconds=seconds, output=output)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _name(command: Sequence[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:]])[:120]
