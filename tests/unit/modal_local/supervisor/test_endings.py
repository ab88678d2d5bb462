"""Starts that fail, versions that change, calls that are cancelled, apps that stop."""

from __future__ import annotations

import asyncio

import pytest
from modal_proto import api_pb2

from modal_local.calls.call import Call
from modal_local.errors import NotFound
from modal_local.scheduling import backoff
from tests.fakes.puppets import FAILURE, Stage, a_function, a_stage

_Result = api_pb2.GenericResult


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_DELAY_S", 0.02)


async def result_of(call: Call, *, timeout_s: float = 10) -> api_pb2.GenericResult:
    assert await call.changed.wait_until(lambda: 0 in call.outputs, timeout_s=timeout_s)
    return call.outputs[0].result


async def next_puppet(stage: Stage, count: int) -> None:
    async with asyncio.timeout(10):
        while len(stage.puppets) < count:
            stage.runtime.started.clear()
            await stage.runtime.started.wait()
    await stage.settle()


async def test_a_container_that_exits_before_it_asks_is_tried_again_and_again_slower() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        for count in (1, 2, 3):
            await next_puppet(stage, count)
            stage.puppets[-1].exit(3)
        told = await result_of(call)
        assert told.status == _Result.GENERIC_STATUS_INIT_FAILURE
        assert "exited with status 3; its last output was:\nlast words" in told.exception
        assert len(stage.puppets) == 3


async def test_what_a_container_says_of_its_failure_reaches_the_caller() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        for count in (1, 2, 3):
            await next_puppet(stage, count)
            puppet = stage.puppets[-1]
            report = _Result(status=FAILURE, exception="ValueError()", data=b"pickled")
            stage.execution.serving.report(puppet.task.task_id, report)
            puppet.exit(1)
        told = await result_of(call)
        assert (told.exception, told.data) == ("ValueError()", b"pickled")


async def test_after_a_crash_loop_a_later_call_is_tried_again() -> None:
    async with a_stage(a_function()) as stage:
        first = stage.call()
        for count in (1, 2, 3):
            await next_puppet(stage, count)
            stage.puppets[-1].exit(3)
        await result_of(first)
        later = stage.call()
        await next_puppet(stage, 4)
        batch = await stage.claim(stage.puppets[3])
        assert batch is not None
        stage.answer(stage.puppets[3], batch[0])
        assert not later.unfinished


async def test_a_container_that_cannot_be_made_fails_the_call_with_the_reason() -> None:
    async with a_stage(a_function()) as stage:
        stage.runtime.refusal = "the image is gone"
        told = await result_of(stage.call())
        assert "could not be started: the image is gone" in told.exception


async def test_a_start_that_takes_too_long_fails_at_once() -> None:
    async with a_stage(a_function(startup_timeout_secs=1)) as stage:
        call = stage.call()
        await stage.settle()
        told = await result_of(call)
        assert "did not become ready within 1s" in told.exception
        assert len(stage.puppets) == 1


async def test_a_start_that_hangs_is_given_up() -> None:
    async with a_stage(a_function(startup_timeout_secs=1)) as stage:
        stage.runtime.hangs = True
        call = stage.call()
        assert "did not become ready" in (await result_of(call)).exception
        assert not stage.execution.containers()


async def test_an_idle_container_that_dies_by_itself_is_not_replaced_in_a_storm() -> None:
    settings = api_pb2.AutoscalerSettings(min_containers=1)
    async with a_stage(a_function(autoscaler_settings=settings)) as stage:
        for count in (1, 2):
            await next_puppet(stage, count)
            claim = asyncio.create_task(stage.claim(stage.puppets[-1]))
            await stage.settle()
            stage.puppets[-1].exit(1)
            await asyncio.gather(claim, return_exceptions=True)
            await stage.settle()
            assert len(stage.puppets) == count  # the next one waits


async def test_a_new_version_gets_what_is_queued_and_starts_at_once() -> None:
    settings = api_pb2.AutoscalerSettings(max_containers=1)
    async with a_stage(a_function(autoscaler_settings=settings)) as stage:
        stage.call(2)
        await stage.settle()
        old = stage.puppets[0]
        running = await stage.claim(old)
        assert running is not None
        await stage.publish(a_function(2, autoscaler_settings=settings))
        assert [p.task.function.version for p in stage.puppets] == [1, 2]
        queued = await stage.claim(stage.puppets[1])
        assert queued is not None
        stage.answer(old, running[0])
        assert await stage.claim(old) is None  # the kill switch
        assert running[0].call.outputs


async def test_a_new_version_of_an_idle_function_is_warm_before_anyone_calls() -> None:
    async with a_stage(a_function()) as stage:
        stage.call()
        await stage.settle()
        old = stage.puppets[0]
        batch = await stage.claim(old)
        assert batch is not None
        stage.answer(old, batch[0])
        poll = asyncio.create_task(stage.claim(old))
        await stage.settle()
        await stage.publish(a_function(2))
        assert await poll is None
        assert [p.task.function.version for p in stage.puppets] == [1, 2]


async def test_a_new_version_starts_nothing_where_nothing_lived() -> None:
    async with a_stage(a_function()) as stage:
        await stage.publish(a_function(2))
        assert not stage.puppets


async def test_a_recreated_function_runs_its_inputs_again_on_the_new_version() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        await stage.claim(stage.puppets[0])
        await stage.publish(a_function(2), recreate=True)
        assert stage.puppets[0].signals[0] == "terminate"
        batch = await stage.claim(stage.puppets[1])
        assert batch is not None
        assert batch[0].call is call
        assert batch[0].losses == 0


async def test_a_function_that_left_the_app_refuses_what_waits_for_it() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        await stage.publish(None)
        assert "not in the app's new version" in (await result_of(call)).exception
        with pytest.raises(NotFound):
            stage.call()


async def test_a_call_on_a_function_that_left_the_app_can_be_cancelled() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        await stage.claim(stage.puppets[0])
        await stage.publish(None)
        stage.execution.calling.cancel(call)
        assert (await result_of(call)).status == _Result.GENERIC_STATUS_TERMINATED


async def test_a_queued_call_is_cancelled() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        stage.execution.calling.cancel(call)
        assert (await result_of(call)).status == _Result.GENERIC_STATUS_TERMINATED
        assert stage.execution.backlog("fu-1") == 0


async def test_a_running_call_is_cancelled_in_its_container() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        (puppet,) = stage.puppets
        batch = await stage.claim(puppet)
        assert batch is not None
        task_id = puppet.task.task_id
        beat = asyncio.create_task(stage.execution.serving.cancellations(task_id, timeout_s=5))
        await stage.settle()
        stage.execution.calling.cancel(call)
        assert await beat == [batch[0].input_id]
        stage.answer(puppet, batch[0], _Result.GENERIC_STATUS_TERMINATED)
        assert puppet.signals == []
        (facts,) = stage.execution.containers()
        assert facts.running_inputs == 0


async def test_a_call_that_waits_for_its_retry_is_cancelled() -> None:
    policy = api_pb2.FunctionRetryPolicy(retries=1, initial_delay_ms=60_000, max_delay_ms=60_000)
    async with a_stage(a_function(retry_policy=policy)) as stage:
        call = stage.call()
        await stage.settle()
        batch = await stage.claim(stage.puppets[0])
        assert batch is not None
        stage.answer(stage.puppets[0], batch[0], FAILURE)
        assert stage.execution.backlog("fu-1") == 1
        stage.execution.calling.cancel(call)
        assert not call.unfinished
        assert stage.execution.backlog("fu-1") == 0


async def test_cancelling_with_containers_runs_their_other_inputs_again() -> None:
    async with a_stage(a_function(max_concurrent_inputs=2)) as stage:
        doomed, other = stage.call(), stage.call()
        await stage.settle()
        (puppet,) = stage.puppets
        await stage.claim(puppet)
        await stage.claim(puppet)
        stage.execution.calling.cancel(doomed, terminate_containers=True)
        await stage.settle()
        assert puppet.signals[0] == "terminate"
        batch = await stage.claim(stage.puppets[1])
        assert batch is not None
        assert batch[0].call is other


async def test_a_stopped_app_answers_everybody_and_ends_everything() -> None:
    async with a_stage(a_function()) as stage:
        running, queued = stage.call(), stage.call()
        await stage.settle()
        await stage.claim(stage.puppets[0])
        stage.catalogue.function = None
        await stage.execution.app_stopped("ap-1")
        for call in (running, queued):
            assert "the app was stopped" in (await result_of(call)).exception
        assert not stage.execution.containers()


async def test_a_closed_execution_ends_containers_and_callers() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        await stage.claim(stage.puppets[0])
    assert call.outputs
    assert stage.puppets[0].signals


async def test_only_the_secret_of_a_running_container_is_accepted() -> None:
    async with a_stage(a_function()) as stage:
        stage.call()
        await stage.settle()
        task = stage.puppets[0].task
        assert stage.execution.serving.accepts(task.task_id, task.secret)
        assert not stage.execution.serving.accepts(task.task_id, "guess")
        assert not stage.execution.serving.accepts("ta-0", task.secret)
        assert task.secret not in repr(stage.execution.containers())
