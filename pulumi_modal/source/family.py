"""End all that a process started, also what went into a session of its own or lost its parent.

Linux tells a process's children and gives orphans to the nearest process that asks for them; on
other systems only the process group is ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_PR_SET_CHILD_SUBREAPER: Final = 36


def adopt_orphans() -> None:
    """From now on a grandchild whose parent ends becomes a child of this process."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants(pid: int) -> None:
    """Kill all that descends from a process, but not the process itself."""
    for one in _descendants(pid):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)


def end_family(pid: int) -> None:
    """Kill a process, its group, and all that descends from it."""
    end_descendants(pid)
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for thread in sorted((_PROC / str(pid) / "task").iterdir()):
            for child in (thread / "children").read_text().split():
                yield from _descendants(int(child))
                yield int(child)
