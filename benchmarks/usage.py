"""What a command uses while it runs: CPU time and memory, of every process that it starts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.measurement import BenchmarkFailed

MIB = 2**20
PERIOD_S = 0.1
_PROVIDER = "pulumi_modal.host"


@dataclass
class Usage:
    """Sampled ten times a second, so what lives shorter than that is seen in part."""

    cpu_s: float = 0.0
    """Of the command with all it starts, and of the local Modal with all it starts."""
    provider_mib: float = 0.0
    """The most that the provider's host and its children had resident together."""
    _known: dict[tuple[int, float], tuple[float, float]] = field(default_factory=dict)

    def look(self, roots: list[psutil.Process]) -> None:
        """One sample."""
        provider = 0.0
        for root in roots:
            for process in _family(root):
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    key = (process.pid, process.create_time())
                    spent = times.user + times.system
                    first, _ = self._known.setdefault(key, (spent, spent))
                    self._known[key] = (first, spent)
                    if _is_of_provider(process):
                        provider += process.memory_info().rss / MIB
        self.provider_mib = max(self.provider_mib, provider)
        self.cpu_s = sum(last - first for first, last in self._known.values())


def _family(root: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return [root, *root.children(recursive=True)]
    return []


def _is_of_provider(process: psutil.Process) -> bool:
    return any(
        any(_PROVIDER in word for word in one.cmdline()) for one in [process, *process.parents()]
    )


@contextmanager
def sampled(modal_home: Path) -> Iterator[Usage]:
    """Sample what runs inside, commands started by this process, and the local Modal there."""
    usage = Usage()
    roots = [psutil.Process(), local_modal(modal_home)]
    over = threading.Event()

    def work() -> None:
        while not over.wait(PERIOD_S):
            usage.look(roots)

    usage.look(roots)
    thread = threading.Thread(target=work, name="usage")
    thread.start()
    try:
        yield usage
    finally:
        over.set()
        thread.join()


def local_modal(modal_home: Path) -> psutil.Process:
    """The server of a local Modal. Raises BenchmarkFailed when it is not there."""
    record = modal_home / "server.json"
    try:
        return psutil.Process(json.loads(record.read_text(encoding="utf-8"))["pid"])
    except (OSError, ValueError, KeyError, psutil.Error) as error:
        raise BenchmarkFailed(f"the local Modal of {record} cannot be looked at") from error
