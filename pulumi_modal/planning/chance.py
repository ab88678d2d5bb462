"""Whether a user's file asked for the time, for chance, or for its process while it was imported.

Such a plan may be another one a moment later, and nothing in the file system would tell. What was
called is read from Python's own profiler: every compiled function, from whatever the user's code
calls. What libraries do for themselves while they are imported does not count.
"""

from __future__ import annotations

import cProfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any, Final

import modal
import synchronicity

from pulumi_modal.source.trace import is_project_file

_THIS_PACKAGE: Final = f"{Path(__file__).resolve().parents[1]}/"
_IMPORTING: Final = "<frozen importlib"
_CALLS: Final = frozenset(
    {
        "<built-in method now>",
        "<built-in method utcnow>",
        "<built-in method today>",
        "<built-in method time.time>",
        "<built-in method time.time_ns>",
        "<built-in method time.localtime>",
        "<built-in method time.gmtime>",
        "<built-in method time.ctime>",
        "<built-in method time.clock_gettime>",
        "<built-in method _uuid.generate_time_safe>",
        "<built-in method _thread.start_new_thread>",  # nobody sees what runs in it
        "<built-in method _thread.start_joinable_thread>",
        "<built-in method posix.urandom>",
        "<built-in method posix.getpid>",
        "<built-in method posix.getppid>",
        "<built-in method posix.getloadavg>",
        "<built-in method posix.statvfs>",
        "<built-in method posix.times>",
        "<method 'getrandbits' of '_random.Random' objects>",
        "<method 'stat' of 'posix.DirEntry' objects>",
    }
)
_DIRECT: Final = frozenset(
    {
        "<built-in method time.perf_counter>",
        "<built-in method time.perf_counter_ns>",
        "<built-in method time.monotonic>",
        "<built-in method time.monotonic_ns>",
        "<built-in method time.process_time>",
        "<built-in method builtins.hash>",
        "<built-in method builtins.id>",
    }
)
"""Harmless where a library does it: it waits, or keeps a table."""
_SDK: Final = tuple(f"{Path(str(one.__file__)).parent}/" for one in (modal, synchronicity))
"""It gives its objects random names, which no plan holds."""
_TIMES_OF_FILES: Final = frozenset({"getmtime", "getatime", "getctime"})


class Chance:
    """What the profiler saw; `called` names the first thing that a plan cannot be kept for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.called = ""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Profile what runs inside, in this thread."""
        profiler = cProfile.Profile()
        try:
            profiler.enable()
        except ValueError:  # somebody else profiles this process
            self.called = "a profiler"
            yield
            return
        try:
            yield
        finally:
            profiler.disable()
            self.called = self._first(_graph(profiler))

    def _first(self, graph: Mapping[Any, frozenset[Any]]) -> str:
        own = {code for code in graph if self._is_own(code)}
        pending, done = list(own), set(own)
        while pending:
            code = pending.pop()
            for callee in graph.get(code, frozenset()):
                if isinstance(callee, str):
                    if _is_chance(callee) or (callee in _DIRECT and code in own):
                        return callee.removeprefix("<").removesuffix(">")
                elif callee.co_name in _TIMES_OF_FILES:
                    return str(callee.co_name)
                if callee not in done and not _is_beside(callee):
                    done.add(callee)
                    pending.append(callee)
        return ""

    def _is_own(self, code: Any) -> bool:
        return isinstance(code, CodeType) and is_own_file(code.co_filename, self._root)


def _is_beside(code: Any) -> bool:
    """What does not count: Python's import, what a library does in it, and the SDK."""
    if isinstance(code, str):
        return False
    file: str = code.co_filename
    return code.co_name == "<module>" or file.startswith((_IMPORTING, *_SDK))


def is_own_file(filename: str, root: Path) -> bool:
    """True for a file of the user: of the project, and not of this package within it."""
    return is_project_file(filename, root) and not filename.startswith(_THIS_PACKAGE)


def _is_chance(callee: str) -> bool:
    return callee in _CALLS or "random" in callee


def _graph(profiler: cProfile.Profile) -> dict[Any, frozenset[Any]]:
    """Caller -> what it called: code objects, and descriptions of compiled functions."""
    entries: Any = profiler.getstats()
    return {one.code: frozenset(call.code for call in one.calls or ()) for one in entries}
