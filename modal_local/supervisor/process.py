"""A started container: its life as a process group, and its output."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Awaitable, Callable
from typing import IO, Final

Dial = Callable[[int], Awaitable[socket.socket]]
_CHUNK: Final = 64 * 1024
_LONGEST_LINE: Final = 64 * 1024
_LAST_WORDS_S: Final = 2.0
"""How long output is read on after the group has been ended."""


class RunningContainer:
    """One process group, watched until it is gone."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        say: Callable[[int, str], None],
        clean: Callable[[], Awaitable[None]],
        *,
        stop_signal: signal.Signals = signal.SIGINT,
        dial: Dial | None = None,
    ) -> None:
        self.pid = process.pid
        self._dial = dial
        self._process = process
        self._say = say
        self._clean = clean
        self._stop_signal = stop_signal
        self._reaped = False
        self._ended = asyncio.create_task(self._watch(), name=f"container {self.pid}")

    async def wait(self) -> int:
        """Exit status; negative for a signal. Its output has been logged when this returns."""
        return await asyncio.shield(self._ended)

    async def dial(self, port: int) -> socket.socket:
        """A connection to a program in it that listens. Raises OSError."""
        if self._dial is None:
            raise ConnectionRefusedError("the container has no network of its own")
        return await self._dial(port)

    def terminate(self) -> None:
        """Ask the container to end: it runs its exit hooks."""
        if not self._reaped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, self._stop_signal)

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        if not self._reaped:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _watch(self) -> int:
        pumps = [
            asyncio.create_task(self._pump(descriptor, pipe))
            for descriptor, pipe in ((1, self._process.stdout), (2, self._process.stderr))
            if pipe is not None
        ]
        try:
            await _exited(self.pid)
            self.kill()  # what the container started itself; the group cannot be another's yet
            self._reaped = True
            status = self._process.wait()
            _, late = await asyncio.wait(pumps, timeout=_LAST_WORDS_S)
            for pump in late:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            return status
        finally:
            await self._clean()

    async def _pump(self, descriptor: int, pipe: IO[bytes]) -> None:
        lines = LineSplitter(_LONGEST_LINE)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_CHUNK)
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        try:
            while chunk := await reader.read(_CHUNK):
                for line in lines.feed(chunk):
                    self._say(descriptor, line)
                await asyncio.sleep(0)  # a container that floods does not stop the others
        finally:
            for line in lines.rest():
                self._say(descriptor, line)
            transport.close()


class LineSplitter:
    """Bytes in any pieces -> lines that end in a newline; overlong ones are cut."""

    def __init__(self, longest: int) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._longest = longest
        self._held = ""

    def feed(self, chunk: bytes) -> list[str]:
        """Lines that are complete now."""
        *lines, self._held = (self._held + self._decoder.decode(chunk)).split("\n")
        complete = [f"{line}\n" for line in lines]
        if len(self._held) >= self._longest:
            complete.append(f"{self._held}\n")
            self._held = ""
        return complete

    def rest(self) -> list[str]:
        """What came without a newline at the end."""
        held = self._held + self._decoder.decode(b"", final=True)
        self._held = ""
        return [f"{held}\n"] if held else []


async def _exited(pid: int) -> None:
    """Return when the process has ended, before it is reaped: its number stays its own."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    if hasattr(os, "pidfd_open"):
        descriptor = os.pidfd_open(pid)
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        return

    def wait() -> None:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, daemon=True, name=f"wait {pid}").start()
    await ended.wait()
