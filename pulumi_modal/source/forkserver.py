"""A child process from the standard library's fork server, with `modal` imported already.

Two things differ from `multiprocessing.Process`. The child never imports the parent's `__main__`:
that is a Pulumi program, and importing it again would declare its resources twice. And nothing
is kept in the library's list of children, whose book-keeping is not made for threads.
"""

from __future__ import annotations

import functools
import io
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver, popen_forkserver, process, resource_tracker, util
from multiprocessing.context import (  # type: ignore[attr-defined]  # not in typeshed
    reduction,
    set_spawning_popen,
)
from pathlib import Path
from typing import Any, Protocol

_PRELOAD = ["pulumi_modal.source.preload"]
_HOME = str(Path(__file__).resolve().parents[2])


class Bootstrap(Protocol):
    """What the fork server's child unpickles and runs; its answer is the exit status."""

    def _bootstrap(self, parent_sentinel: int) -> int: ...


@functools.cache
def _server(_pid: int) -> forkserver.ForkServer:
    """The fork server of this process: a copy inherited by a fork would not be ours to wait for."""
    server = forkserver.ForkServer()
    server.set_forkserver_preload(_PRELOAD)
    return server


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What is started in the block is deaf to Ctrl-C: it ends with this process, without a word.

    Pulumi interrupts all that is left of a command, also a fork server that still loads modules.
    """
    resource_tracker.ensure_running()  # it would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def warm_up() -> None:
    """Start this process's fork server; it loads what children need meanwhile."""
    with _without_interrupts():
        _server(os.getpid()).ensure_running()


def clear_away() -> None:
    """Remove what the fork server keeps in the temporary folder; for a process that ends at once.

    The library removes it at an ordinary end only.
    """
    if _server.cache_info().currsize:
        shutil.rmtree(util.get_temp_dir(), ignore_errors=True)


def module_path(root: Path, entries: list[str], keep: str) -> list[str]:
    """Where a child looks for modules: as `modal deploy` would, not as this program does.

    Folders inside the project are left out (the loader adds what `modal deploy` adds), unless
    they belong to the interpreter or to PYTHONPATH (`keep`).
    """
    kept = {str(Path(entry).absolute()) for entry in keep.split(os.pathsep) if entry}

    def belongs(entry: str) -> bool:
        inside = Path(entry).is_relative_to(root)
        return not inside or Path(entry).is_relative_to(sys.prefix) or entry in kept

    path = [entry for entry in entries if Path(entry).is_absolute() and belongs(entry)]
    return path if _HOME in path else [*path, _HOME]


def _close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)


class Child(popen_forkserver.Popen):
    """One child process; `poll`, `wait` and `pid` are the standard library's."""

    def __init__(self, job: Bootstrap, root: Path) -> None:
        self._root = root
        super().__init__(job)  # type: ignore[arg-type]  # it only pickles the job

    def _preparation(self) -> Mapping[str, Any]:
        return {
            "name": "modal-file",
            "authkey": process.current_process().authkey,
            "sys_path": module_path(self._root, sys.path, os.environ.get("PYTHONPATH", "")),
            "sys_argv": ["modal"],
            "orig_dir": str(self._root),
            "dir": str(self._root),
            "start_method": "forkserver",
        }

    def _launch(self, process_obj: Any) -> None:
        message = io.BytesIO()
        fds: list[int] = vars(self)["_fds"]  # filled while the job is pickled
        set_spawning_popen(self)
        try:
            reduction.dump(self._preparation(), message)
            reduction.dump(process_obj, message)
        finally:
            set_spawning_popen(None)
        with _without_interrupts():  # it starts the server where none runs
            self.sentinel, write_end = _server(os.getpid()).connect_to_new_process(fds)
        # The child sees the end of this process at the other end of this pipe.
        kept_open = os.dup(write_end)
        self.finalizer = util.Finalize(self, _close, (kept_open, self.sentinel))
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(message.getbuffer())
        self.pid = forkserver.read_signed(self.sentinel)

    def close(self) -> None:
        """Let go of the pipes; the process itself must have ended."""
        if self.finalizer is not None:
            self.finalizer()
