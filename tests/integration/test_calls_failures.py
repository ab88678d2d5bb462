"""What callers are told when containers fail, hang, die or never start."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import modal
import pytest

from tests.fakes.small_modal import small_modal


async def test_an_input_that_takes_too_long_times_out_and_others_go_on(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import time

            @app.function(timeout=2, startup_timeout=60, max_containers=1)
            def sleep(seconds):
                time.sleep(seconds)
                return seconds
            """
        )
        slow = asyncio.create_task(served.sleep.remote.aio(60))
        quick = asyncio.create_task(served.sleep.remote.aio(0))
        with pytest.raises(modal.exception.FunctionTimeoutError):
            await slow
        assert await quick == 0


async def test_a_container_that_ignores_its_timeout_is_killed(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import time

            @app.function(timeout=2, startup_timeout=60, max_containers=1)
            @modal.concurrent(max_inputs=2)
            async def stuck(seconds):
                time.sleep(seconds)
                return seconds
            """
        )
        with pytest.raises(modal.exception.FunctionTimeoutError):
            await served.stuck.remote.aio(300)
        assert await served.stuck.remote.aio(0) == 0


async def test_a_container_that_dies_gives_its_input_back(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import os, time

            @app.function()
            def slow(x):
                time.sleep(1)
                return x, os.getpid()
            """
        )
        call = asyncio.create_task(served.slow.remote.aio(5))
        await small.until(lambda: any(c.running_inputs for c in small.execution.containers()))
        (first,) = small.processes()
        os.kill(first, signal.SIGKILL)
        value, pid = await call
        assert value == 5
        assert pid != first


async def test_an_input_that_kills_its_containers_fails_in_the_end(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import os, sys

            @app.function(max_containers=1)
            def maybe(die):
                if die:
                    print("I am going", file=sys.stderr, flush=True)
                    os._exit(7)
                return "alive"
            """
        )
        deadly = asyncio.create_task(served.maybe.remote.aio(die=True))
        harmless = asyncio.create_task(served.maybe.remote.aio(die=False))
        with pytest.raises(modal.exception.RemoteError, match="status 7, 3 times") as told:
            await deadly
        assert "I am going" in str(told.value)
        assert await harmless == "alive"


async def test_a_container_that_cannot_start_fails_its_callers(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            @app.cls(max_containers=4)
            class Broken:
                @modal.enter()
                def load(self):
                    raise ValueError("no such model")

                @modal.method()
                def call(self):
                    return 1

            @app.function()
            def ok():
                return 1
            """
        )
        with pytest.raises(ValueError, match="no such model"):
            await served.Broken().call.remote.aio()
        assert await served.ok.remote.aio() == 1


async def test_a_container_that_dies_silently_at_start_fails_its_callers(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import os, sys
            if os.environ.get("MODAL_TASK_ID"):
                print("bad luck", file=sys.stderr, flush=True)
                os._exit(3)

            @app.function()
            def f():
                return 1
            """
        )
        calls = [asyncio.create_task(served.f.remote.aio()) for _ in range(20)]
        for call in calls:
            with pytest.raises(modal.exception.RemoteError, match="do not start") as told:
                await call
            assert "bad luck" in str(told.value)
        started = {task for task, _ in small.logs.lines}
        assert len(started) <= 8  # the first try may start several; then one at a time


async def test_a_start_that_takes_too_long_fails_its_callers(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import time

            @app.cls(startup_timeout=1)
            class Slow:
                @modal.enter()
                def load(self):
                    time.sleep(100)

                @modal.method()
                def call(self):
                    return 1
            """
        )
        with pytest.raises(modal.exception.RemoteError, match="did not become ready within 1s"):
            await served.Slow().call.remote.aio()


async def test_retries_are_made_as_declared(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import pathlib

            @app.function(retries=modal.Retries(max_retries=2, initial_delay=0.0), max_containers=1)
            def third_time(path, lucky):
                marks = pathlib.Path(path)
                marks.write_text(marks.read_text() + "x" if marks.exists() else "x")
                if len(marks.read_text()) < lucky:
                    raise RuntimeError("not yet")
                return marks.read_text()
            """
        )
        assert await served.third_time.remote.aio(str(tmp_path / "a"), 3) == "xxx"
        with pytest.raises(RuntimeError, match="not yet"):
            await served.third_time.remote.aio(str(tmp_path / "b"), 9)
        paths = [(str(tmp_path / f"c{n}"), 2) for n in range(4)]
        assert [m async for m in served.third_time.starmap.aio(paths)] == ["xx"] * 4


async def test_a_cancelled_call_ends_in_its_container(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import time

            @app.function(max_containers=1)
            def slow(seconds):
                time.sleep(seconds)
                return seconds
            """
        )
        call = await served.slow.spawn.aio(300)
        await small.until(lambda: any(c.running_inputs for c in small.execution.containers()))
        await call.cancel.aio()
        with pytest.raises(modal.exception.RemoteError, match="cancelled"):
            await call.get.aio(timeout=60)
        assert await served.slow.remote.aio(0) == 0
        assert "Successfully canceled" in "\n".join(line for _, line in small.logs.lines)


async def test_a_map_survives_the_death_of_containers(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import time

            @app.function(max_containers=3)
            @modal.concurrent(max_inputs=4)
            def slow(x):
                time.sleep(0.02)
                return x
            """
        )
        results: list[int] = []

        async def collect() -> None:
            async for value in served.slow.map.aio(range(600), order_outputs=False):
                results.append(value)  # noqa: PERF401 - the killer looks at it meanwhile

        mapping = asyncio.create_task(collect())
        for kills in range(1, 5):
            await small.until(lambda goal=kills * 100: len(results) > goal)  # type: ignore[misc]
            for pid in small.processes()[:2]:
                os.kill(pid, signal.SIGKILL)
        await mapping
        assert sorted(results) == list(range(600))
