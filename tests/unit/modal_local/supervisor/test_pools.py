"""Who gets which input, and which containers come and go for it."""

from __future__ import annotations

import asyncio

import pytest
from modal_proto import api_pb2

from modal_local.errors import NotFound, QueueFull
from modal_local.supervisor.calling import MOST_QUEUED
from modal_local.supervisor.execution import Room
from tests.fakes.puppets import FAILURE, a_function, a_stage


def bounds(**settings: int) -> api_pb2.AutoscalerSettings:
    return api_pb2.AutoscalerSettings(**settings)


async def test_a_call_starts_one_container_which_gets_its_input() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        (puppet,) = stage.puppets
        batch = await stage.claim(puppet)
        assert batch is not None
        stage.answer(puppet, batch[0])
        assert not call.unfinished


async def test_one_container_takes_as_many_as_it_may_have_before_a_second_starts() -> None:
    function = a_function(max_concurrent_inputs=4)
    async with a_stage(function) as stage:
        stage.call(4)
        await stage.settle()
        assert len(stage.puppets) == 1
        stage.call(1)
        await stage.settle()
        assert len(stage.puppets) == 2


async def test_buffer_containers_are_added_while_there_is_load() -> None:
    function = a_function(autoscaler_settings=bounds(buffer_containers=2))
    async with a_stage(function) as stage:
        assert not stage.puppets
        stage.call()
        await stage.settle()
        assert len(stage.puppets) == 3


async def test_warm_containers_start_at_once_and_are_replaced() -> None:
    async with a_stage(a_function(autoscaler_settings=bounds(min_containers=2))) as stage:
        assert len(stage.puppets) == 2
        for puppet in stage.puppets:
            stage.claims.append(asyncio.create_task(_polls(stage.claim(puppet))))
        await stage.settle()
        await stage.bound(bounds(min_containers=3))
        assert len(stage.puppets) == 3
        await stage.bound(bounds(min_containers=0, max_containers=1))
        await stage.settle()
        assert sum(c.state == "draining" for c in stage.execution.containers()) == 1


async def test_a_batch_waits_until_it_is_full() -> None:
    function = a_function(batch_max_size=2, autoscaler_settings=bounds(max_containers=1))
    async with a_stage(function) as stage:
        stage.call(1)
        await stage.settle()
        claim = asyncio.create_task(stage.claim(stage.puppets[0], batch=2, linger_s=60))
        await stage.settle()
        assert not claim.done()
        stage.call(1)
        batch = await claim
        assert batch is not None
        assert len(batch) == 2


async def test_a_batch_goes_out_when_its_time_is_up() -> None:
    function = a_function(batch_max_size=2)
    async with a_stage(function) as stage:
        stage.call(1)
        await stage.settle()
        batch = await stage.claim(stage.puppets[0], batch=2, linger_s=0.05)
        assert batch is not None
        assert len(batch) == 1


async def test_a_batch_holds_inputs_of_one_method() -> None:
    async with a_stage(a_function(batch_max_size=4)) as stage:
        stage.call(2, method="one")
        stage.call(1, method="two")
        stage.call(1, method="one")
        await stage.settle()
        batch = await stage.claim(stage.puppets[0], batch=4)
        assert batch is not None
        assert [item.message.method_name for item in batch] == ["one"] * 3


async def test_inputs_that_could_not_be_delivered_go_back() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        serving = stage.execution.serving
        task_id = stage.puppets[0].task.task_id
        with pytest.raises(ConnectionError):
            async with serving.inputs(task_id, batch_size=0, linger_s=0):
                raise ConnectionError
        assert stage.execution.backlog("fu-1") == 1
        batch = await stage.claim(stage.puppets[0])
        assert batch is not None
        assert [item.call for item in batch] == [call]


async def test_a_poll_that_breaks_off_takes_nothing() -> None:
    async with a_stage(a_function(autoscaler_settings=bounds(min_containers=1))) as stage:
        claim = asyncio.create_task(stage.claim(stage.puppets[0]))
        await stage.settle()
        stage.call()
        claim.cancel()  # in the very moment in which the input was handed over
        await asyncio.gather(claim, return_exceptions=True)
        await stage.settle()
        assert stage.execution.backlog("fu-1") == 1


async def test_an_output_of_an_older_attempt_is_ignored() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        first = stage.puppets[0]
        batch = await stage.claim(first)
        assert batch is not None
        first.exit(1)
        await stage.settle()
        second = stage.puppets[1]
        again = await stage.claim(second)
        assert again is not None
        with pytest.raises(NotFound):
            stage.answer(first, batch[0])
        stage.answer(second, again[0], attempt=0)
        assert call.unfinished
        stage.answer(second, again[0], attempt=1)
        assert not call.unfinished


async def test_a_failure_without_a_policy_reaches_the_caller() -> None:
    async with a_stage(a_function()) as stage:
        call = stage.call()
        await stage.settle()
        batch = await stage.claim(stage.puppets[0])
        assert batch is not None
        stage.answer(stage.puppets[0], batch[0], FAILURE)
        assert call.outputs[0].result.status == FAILURE


async def test_a_single_use_container_gets_one_input() -> None:
    async with a_stage(a_function(single_use_containers=True)) as stage:
        stage.call()
        await stage.settle()
        await stage.claim(stage.puppets[0])
        stage.call()
        await stage.settle()
        assert len(stage.puppets) == 2


async def test_too_many_waiting_inputs_are_refused() -> None:
    async with a_stage(a_function(autoscaler_settings=bounds(max_containers=1))) as stage:
        stage.call(MOST_QUEUED)
        with pytest.raises(QueueFull, match="wait for f of app test"):
            stage.call()


async def test_a_full_machine_starts_the_rest_when_there_is_room() -> None:
    async with a_stage(a_function(), Room(per_function=8, in_all=2)) as stage:
        stage.call(4)
        await stage.settle()
        assert len(stage.puppets) == 2
        for puppet in list(stage.puppets):
            batch = await stage.claim(puppet)
            assert batch is not None
            stage.answer(puppet, batch[0])
            puppet.exit(0)
        await stage.settle()
        assert len(stage.puppets) == 4


async def test_a_pool_without_anything_is_forgotten() -> None:
    async with a_stage(a_function()) as stage:
        assert stage.execution.stats("fu-1").num_total_tasks == 0
        await stage.settle()
        assert not stage.execution._pools


async def _polls(claim: object) -> None:
    await claim  # type: ignore[misc]  # a coroutine
