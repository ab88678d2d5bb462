"""Containers come and go as their bounds say; versions change without losing a call."""

from __future__ import annotations

import asyncio
from pathlib import Path

import modal
import pytest

from modal_local.supervisor.execution import Room
from tests.fakes.small_modal import SmallModal, small_modal


async def test_containers_keep_to_their_maximum_and_inputs_queue(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import os, pathlib, time

            @app.function(max_containers=2)
            def both(folder):
                (pathlib.Path(folder) / str(os.getpid())).touch()
                while len(os.listdir(folder)) < 2:
                    time.sleep(0.01)
                return os.getpid()
            """
        )
        met = tmp_path / "met"
        met.mkdir()
        pids = [pid async for pid in served.both.map.aio([str(met)] * 20)]
        assert len(set(pids)) == 2
        assert len(small.processes()) == 2


async def test_idle_containers_go_after_their_window(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            @app.function(scaledown_window=2)
            def f(x):
                return x

            @app.function(scaledown_window=2, min_containers=1)
            def kept(x):
                return x
            """
        )
        await small.until(lambda: len(small.processes()) == 1)  # nobody has called yet
        assert await served.f.remote.aio(1) == 1
        await small.until(lambda: len(small.processes()) == 1)
        (facts,) = small.execution.containers()
        assert facts.function_tag == "kept"


async def test_a_machine_that_is_full_still_gives_each_function_one(tmp_path: Path) -> None:
    async with small_modal(tmp_path, Room(per_function=4, in_all=2)) as small:
        served = await small.deploy(
            """
            @app.function()
            def inner(x):
                return x + 1

            @app.function()
            def outer(x):
                return inner.remote(x) + 1
            """
        )
        assert [n async for n in served.outer.map.aio(range(6))] == [n + 2 for n in range(6)]


VERSION = """
import os, time

@app.function(max_containers=2)
def f(x):
    time.sleep(0.02)
    return x, {version}
"""


async def test_a_redeploy_under_load_loses_no_call(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(VERSION.format(version=1))
        answers: list[tuple[int, int]] = []
        seen_new = asyncio.Event()

        async def caller(offset: int) -> None:
            for number in range(10_000):
                answer = await served.f.remote.aio(offset + number)
                assert answer[0] == offset + number
                answers.append(answer)
                if answer[1] == 3:
                    seen_new.set()
                if seen_new.is_set():
                    return

        async with asyncio.TaskGroup() as callers:
            for offset in (0, 10_000, 20_000, 30_000):
                callers.create_task(caller(offset))
            await small.until(lambda: len(answers) > 10)
            await small.deploy(VERSION.format(version=2))
            await small.until(lambda: answers[-1][1] == 2)
            await small.deploy(VERSION.format(version=3))
        versions = [version for _, version in answers]
        assert {1, 2, 3} == set(versions)
        await small.until(lambda: {facts.version for facts in small.execution.containers()} == {3})


async def test_running_inputs_finish_on_the_version_they_began_with(tmp_path: Path) -> None:
    source = """
    import time

    @app.function()
    def f(seconds):
        time.sleep(seconds)
        return {version}
    """
    async with small_modal(tmp_path) as small:
        served = await small.deploy(source.format(version=1))
        running = asyncio.create_task(served.f.remote.aio(2))
        await small.until(lambda: any(c.running_inputs for c in small.execution.containers()))
        await small.deploy(source.format(version=2))
        assert await served.f.remote.aio(0) == 2
        assert await running == 1
        await _only_version(small, 2)


async def test_recreate_ends_old_containers_at_once(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(VERSION.format(version=1))
        assert await served.f.remote.aio(1) == (1, 1)
        await small.deploy(VERSION.format(version=2))
        await small.execution.app_published("ap-1", recreate=True)
        assert await served.f.remote.aio(1) == (1, 2)


WITH_EXIT_HOOK = """
import pathlib, time

@app.cls(max_containers=1, scaledown_window=2)
@modal.concurrent(max_inputs={max_inputs})
class Slow:
    folder: str = modal.parameter()

    @modal.exit()
    def leave(self):
        time.sleep(0.2)
        (pathlib.Path(self.folder) / "left").write_text("properly")

    @modal.method()
    {kind} call(self, seconds):
        {nap}
        return seconds
"""
SYNC = WITH_EXIT_HOOK.format(max_inputs=1, kind="def", nap="time.sleep(seconds)")
ASYNC = WITH_EXIT_HOOK.format(
    max_inputs=4, kind="async def", nap="import asyncio; await asyncio.sleep(seconds)"
)


@pytest.mark.parametrize("source", [SYNC, ASYNC], ids=["sync", "async"])
async def test_a_stopped_app_has_no_process_and_its_callers_are_told(
    tmp_path: Path, source: str
) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(source)
        slow = served.Slow(folder=str(tmp_path))
        await slow.call.remote.aio(0)
        calls = [asyncio.create_task(slow.call.remote.aio(300)) for _ in range(6)]
        (facts,) = small.execution.containers()

        def known() -> int:
            (container,) = small.execution.containers()
            return container.running_inputs + small.execution.backlog(facts.function_id)

        await small.until(lambda: known() == len(calls))
        small.app.is_deployed = False
        async with asyncio.timeout(60):
            await small.execution.app_stopped("ap-1")
        assert not small.processes()
        assert (tmp_path / "left").read_text() == "properly"
        for call in calls:
            with pytest.raises(modal.exception.RemoteError, match="the app was stopped"):
                await call
        with pytest.raises(modal.exception.NotFoundError):
            await slow.call.remote.aio(0)


@pytest.mark.parametrize("source", [SYNC, ASYNC], ids=["sync", "async"])
async def test_exit_hooks_run_when_an_idle_container_goes(tmp_path: Path, source: str) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(source)
        await served.Slow(folder=str(tmp_path)).call.remote.aio(0)
        await small.until(lambda: not small.processes())
        assert (tmp_path / "left").read_text() == "properly"


async def test_exit_hooks_run_when_an_app_with_idle_containers_stops(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(SYNC)
        await served.Slow(folder=str(tmp_path)).call.remote.aio(0)
        await small.execution.app_stopped("ap-1")
        assert (tmp_path / "left").read_text() == "properly"


async def test_one_container_can_be_stopped_and_its_input_runs_again(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(
            """
            import time

            @app.function()
            def slow(x):
                time.sleep(1)
                return x
            """
        )
        call = asyncio.create_task(served.slow.remote.aio(5))
        await small.until(lambda: any(c.running_inputs for c in small.execution.containers()))
        (facts,) = small.execution.containers()
        await small.execution.stop_container(facts.task_id)
        assert await call == 5
        assert facts.task_id not in {c.task_id for c in small.execution.containers()}


async def _only_version(small: SmallModal, version: int) -> None:
    await small.until(lambda: {c.version for c in small.execution.containers()} == {version})
