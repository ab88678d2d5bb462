"""Calls of the stock client, answered by real containers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import modal
import pytest

from tests.fakes.small_modal import small_modal

FUNCTIONS = """
import asyncio, os, time

@app.function()
def square(x):
    return x * x

@app.function(max_containers=2)
def pid(_):
    return os.getpid()

@app.function()
def fail(word):
    raise KeyError(word)

@app.function()
def count(n):
    for number in range(n):
        yield number

@app.function()
async def count_later(n):
    for number in range(n):
        await asyncio.sleep(0)
        yield "x" * 100_000

@app.function(max_containers=1)
@modal.concurrent(max_inputs=10)
async def nap(_):
    await asyncio.sleep(0.3)
    return os.getpid()

@app.function(max_containers=1)
@modal.batched(max_batch_size=4, wait_ms=300)
def batch(xs):
    return [(x, len(xs)) for x in xs]

@app.cls()
class Model:
    name: str = modal.parameter(default="nobody")

    @modal.enter()
    def load(self):
        self.greeting = f"hello {self.name}"

    @modal.method()
    def greet(self):
        return self.greeting

    @modal.method()
    def letters(self):
        yield from self.name
"""


async def test_every_kind_of_call_is_answered(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(FUNCTIONS)
        assert await served.square.remote.aio(7) == 49
        assert [n async for n in served.square.map.aio(range(120))] == [n * n for n in range(120)]
        assert [n async for n in served.count.remote_gen.aio(5)] == list(range(5))
        assert [n async for n in served.count.remote_gen.aio(0)] == []
        with pytest.raises(KeyError, match="lost"):
            await served.fail.remote.aio("lost")
        model = served.Model(name="ada")
        assert await model.greet.remote.aio() == "hello ada"
        assert [c async for c in model.letters.remote_gen.aio()] == list("ada")
        assert await served.Model().greet.remote.aio() == "hello nobody"


async def test_a_large_generator_arrives_whole(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(FUNCTIONS)
        sizes = [len(chunk) async for chunk in served.count_later.remote_gen.aio(300)]
        assert sizes == [100_000] * 300


async def test_spawned_calls_are_kept_until_asked_for(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(FUNCTIONS)
        call = await served.square.spawn.aio(3)
        again = modal.FunctionCall.from_id(call.object_id, client=small.client)
        assert await again.get.aio(timeout=20) == 9
        assert await again.get.aio() == 9
        assert await again.num_inputs.aio() == 1
        graph = await again.get_call_graph.aio()
        assert [(node.function_name, node.status.name) for node in graph] == [("square", "SUCCESS")]
        spawned = await served.square.experimental_spawn_map.aio(range(60))
        assert [value async for value in spawned.iter.aio()] == [n * n for n in range(60)]


async def test_one_container_takes_as_many_inputs_as_it_is_allowed(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(FUNCTIONS)
        await served.nap.remote.aio(0)
        began = asyncio.get_running_loop().time()
        pids = [pid async for pid in served.nap.map.aio(range(10))]
        assert len(set(pids)) == 1
        assert asyncio.get_running_loop().time() - began < 1.5


async def test_inputs_are_handed_out_in_batches(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(FUNCTIONS)
        results = [pair async for pair in served.batch.map.aio(range(8))]
        assert [x for x, _ in results] == list(range(8))
        assert max(size for _, size in results) == 4
        assert await served.batch.remote.aio(9) == (9, 1)


async def test_a_failing_map_returns_exceptions_in_their_places(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(FUNCTIONS)
        results = [r async for r in served.fail.map.aio(["a", "b"], return_exceptions=True)]
        assert [str(error) for error in results] == ["'a'", "'b'"]


async def test_waiting_callers_leave_nothing_behind(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        served = await small.deploy(FUNCTIONS)
        for number in range(30):
            await served.square.remote.aio(number)
        [_ async for _ in served.square.map.aio(range(60))]
        await small.until(lambda: len(small.execution.ledger) == 0)
