"""`.remote()` and HTTP through the local Modal against the same app under plain uvicorn."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.apps import CALLS
from benchmarks.http_load import Load, run_load, wait_until_it_answers
from benchmarks.measurement import Measurement, run_command
from benchmarks.place import ROOT, Place

CONNECTIONS = 16
DEADLINE_S = 300.0


def measure_calls(place: Place, quick: bool) -> Sequence[Measurement]:  # noqa: FBT001 - a table's entry
    """One caller at a time for latency, many at once for calls per second."""
    count = 200 if quick else 2000
    (place.folder / "calls.py").write_text(CALLS, encoding="utf-8")
    command = place.modal("deploy", "calls.py")
    run_command(command, folder=place.folder, env=place.env, deadline_s=DEADLINE_S)
    remote, url = remote_calls(place, count)
    with _uvicorn(place) as bare_url:
        through, bare = asyncio.run(_both(url, bare_url, count))
    return [
        *_rows("HTTP to an ASGI endpoint", through, bare),
        *_rows(".remote()", remote, bare),
    ]


def remote_calls(place: Place, count: int) -> tuple[Load, str]:
    """Call `echo` from a process of its own; also where `web` is served."""
    command = [sys.executable, "-m", "benchmarks.remote_load", str(count), str(CONNECTIONS)]
    finished = run_command(command, folder=ROOT, env=place.env, deadline_s=DEADLINE_S)
    answer = json.loads(finished.output.splitlines()[-1])
    return Load(**answer["load"]), answer["url"]


async def _both(url: str, bare_url: str, count: int) -> tuple[Load, Load]:
    for target in (url, bare_url):
        await wait_until_it_answers(target)
        await run_load(target, count=count // 10, connections=CONNECTIONS)
    return (
        await run_load(url, count=count, connections=CONNECTIONS),
        await run_load(bare_url, count=count, connections=CONNECTIONS),
    )


@contextmanager
def _uvicorn(place: Place) -> Iterator[str]:
    """The same app in uvicorn alone: one process, no access log, as in the local Modal."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "calls:page", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(
        command,
        cwd=place.folder,
        env={**place.env, "PYTHONPATH": str(place.folder)},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _rows(what: str, ours: Load, bare: Load) -> list[Measurement]:
    """Latency is of one caller alone; calls per second are of many at once."""
    against = "the app under uvicorn"
    return [
        Measurement(f"{what}, p50", "ms", ours.p50_ms, bare.p50_ms, against),
        Measurement(f"{what}, p95", "ms", ours.p95_ms, bare.p95_ms, against),
        Measurement(
            f"{what}, {CONNECTIONS} at once", "calls/s", ours.per_second, bare.per_second, against
        ),
    ]
