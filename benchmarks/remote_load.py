"""A process that calls the deployed `echo`: `python -m benchmarks.remote_load COUNT AT_ONCE`.

Its last line of output is JSON: the load, and the URL of `web`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

import modal

from benchmarks.http_load import Load
from benchmarks.measurement import percentile

WARM_UP = 20


async def call_echo(count: int, at_once: int) -> Load:
    """`count` calls one after the other, then as many from several callers."""
    echo = modal.Function.from_name("bench-calls", "echo")
    for _ in range(WARM_UP):
        await echo.remote.aio("warm")
    times = []
    for number in range(count):
        started = time.perf_counter()
        await echo.remote.aio(str(number))
        times.append(time.perf_counter() - started)
    left = iter(range(count))
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(_drain(echo, left))
    seconds = time.perf_counter() - started
    return Load(
        p50_ms=percentile(times, 50) * 1000,
        p95_ms=percentile(times, 95) * 1000,
        per_second=count / seconds,
    )


async def _drain(echo: modal.Function[..., str, object], left: Iterator[int]) -> None:
    for number in left:
        await echo.remote.aio(str(number))


async def _main(count: int, at_once: int) -> None:
    load = await call_echo(count, at_once)
    web = modal.Function.from_name("bench-calls", "web")
    await web.hydrate.aio()
    url = await web.get_web_url.aio()
    print(json.dumps({"load": asdict(load), "url": url}))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
