"""HTTP load from bare sockets: the client must not be what is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.measurement import BenchmarkFailed, percentile

READY_DEADLINE_S = 60.0
ANSWER_DEADLINE_S = 30.0


@dataclass(frozen=True, slots=True)
class Load:
    """Latency of one caller alone, and the rate of many at once."""

    p50_ms: float
    p95_ms: float
    per_second: float


async def run_load(url: str, *, count: int, connections: int) -> Load:
    """`count` requests one after the other, then as many over several connections."""
    alone = await _Connection.open(url)
    times = [await alone.request() for _ in range(count)]
    alone.close()
    opened = [await _Connection.open(url) for _ in range(connections)]
    left = iter(range(count))
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for connection in opened:
            group.create_task(connection.drain(left))
    seconds = time.perf_counter() - started
    for connection in opened:
        connection.close()
    return Load(
        p50_ms=percentile(times, 50) * 1000,
        p95_ms=percentile(times, 95) * 1000,
        per_second=count / seconds,
    )


async def wait_until_it_answers(url: str) -> None:
    """Ask until there is an answer. Raises BenchmarkFailed."""
    deadline = time.monotonic() + READY_DEADLINE_S
    while True:
        try:
            connection = await _Connection.open(url)
            await connection.request()
        except (OSError, asyncio.IncompleteReadError, BenchmarkFailed) as error:
            if time.monotonic() > deadline:
                raise BenchmarkFailed(f"{url} does not answer: {error}") from error
            await asyncio.sleep(0.1)
        else:
            connection.close()
            return


class _Connection:
    """One connection that is kept alive."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()

    @classmethod
    async def open(cls, url: str) -> _Connection:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        return cls(reader, writer, parts.netloc)

    async def request(self) -> float:
        """Seconds until the answer was read. Raises BenchmarkFailed when it is not 200."""
        started = time.perf_counter()
        async with asyncio.timeout(ANSWER_DEADLINE_S):
            self._writer.write(self._request)
            head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
            status, *lines = head.split(b"\r\n")
            if b" 200 " not in status + b" ":
                raise BenchmarkFailed(f"the answer is {status.decode(errors='replace')}")
            headers = dict(line.split(b":", 1) for line in lines if line)
            await self._read_body(headers)
        return time.perf_counter() - started

    async def _read_body(self, headers: dict[bytes, bytes]) -> None:
        if b"content-length" in headers:
            await self._reader.readexactly(int(headers[b"content-length"]))
            return
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            await self._reader.readexactly(size + 2)
        await self._reader.readuntil(b"\r\n")

    async def drain(self, left: Iterator[int]) -> None:
        """One request for each number that is left."""
        for _ in left:
            await self.request()

    def close(self) -> None:
        self._writer.close()
