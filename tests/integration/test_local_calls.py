"""Calls of the stock client, answered by what was deployed to a running local Modal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import modal
import psutil
import pytest
from modal.exception import FunctionTimeoutError, RemoteError

from tests.fakes.local_modal import LocalModalServer, local_modal

DEADLINE_S = 90
APP = """
import asyncio, os, time
import modal

app = modal.App("calls")


@app.function()
def size(data: bytes, times: int = 1):
    return data * times


@app.function()
def count(n: int):
    yield from range(n)


@app.function()
def refuse(word: str):
    raise LookupError(word)


@app.function(max_containers=1)
@modal.batched(max_batch_size=4, wait_ms=30_000)
def batch(xs: list[int]) -> list[tuple[int, int]]:
    return [(x, len(xs)) for x in xs]


@app.cls(max_containers=1)
@modal.concurrent(max_inputs=8)
class Model:
    name: str = modal.parameter(default="nobody")

    @modal.enter()
    def load(self):
        print("loading", self.name)
        self.together = 0

    @modal.method()
    async def meet(self, others: int):
        self.together += 1
        while self.together < others:
            await asyncio.sleep(0.01)
        return self.name, os.getpid()

    @modal.exit()
    def leave(self):
        print("leaving", self.name)


@app.function(timeout=2, startup_timeout=60)
def sleep(seconds: float):
    time.sleep(seconds)


@app.function(scaledown_window=2)
def scaled(x: int):
    return os.getpid()


@app.cls(max_containers=3)
class Broken:
    @modal.enter()
    def load(self):
        os._exit(9)

    @modal.method()
    def call(self):
        return 1
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    folder = tmp_path_factory.mktemp("calls")
    (folder / "calls.py").write_text(APP)
    with local_modal(folder) as running:
        running.deploy(folder / "calls.py")
        yield running


@pytest.fixture
def client(server: LocalModalServer) -> Iterator[modal.Client]:
    with server.client() as connected:
        yield connected


def function(client: modal.Client, name: str) -> modal.Function[..., Any, Any]:
    return modal.Function.from_name("calls", name, client=client)


def until(holds: Callable[[], bool]) -> None:
    """Wait for a state that only time brings."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def test_arguments_and_results_of_any_size_pass_whole(client: modal.Client) -> None:
    size = function(client, "size")
    small, large = b"ab", b"cd" * 2_500_000  # of more than 2 MiB: a blob
    for data in (small, large):
        assert size.remote(data) == data
        assert size.spawn(data).get(timeout=DEADLINE_S) == data
    assert size.remote(small, 2_000_000) == small * 2_000_000
    assert list(size.map([small, large, small])) == [small, large, small]


def test_a_generator_yields_here_what_it_yields_there(client: modal.Client) -> None:
    assert list(function(client, "count").remote_gen(300)) == list(range(300))


def test_an_exception_comes_back_as_itself(client: modal.Client) -> None:
    with pytest.raises(LookupError, match="not this"):
        function(client, "refuse").remote("not this")
    refused = list(function(client, "refuse").map(["a", "b"], return_exceptions=True))
    assert [(type(each), str(each)) for each in refused] == [(LookupError, w) for w in "ab"]


def test_batches_are_filled(client: modal.Client) -> None:
    answers = list(function(client, "batch").map(range(8)))
    assert answers == [(x, 4) for x in range(8)]


def test_a_container_of_a_class_takes_inputs_together_and_knows_its_parameters(
    client: modal.Client, server: LocalModalServer
) -> None:
    model = modal.Cls.from_name("calls", "Model", client=client)
    ada, bob = model(name="ada"), model(name="bob")
    met = list(ada.meet.map([8] * 8))
    assert {name for name, _ in met} == {"ada"}
    assert len({pid for _, pid in met}) == 1
    assert bob.meet.remote(1)[1] != met[0][1]
    service_id = modal.App.lookup("calls", client=client).info().functions["Model.*"]
    printed = server.modal("app", "logs", "calls", "--function", service_id).stdout
    assert {"loading ada", "loading bob"} <= set(printed.splitlines())


def test_a_call_that_takes_too_long_ends_in_an_error(client: modal.Client) -> None:
    with pytest.raises(FunctionTimeoutError):
        function(client, "sleep").remote(300)


def test_a_crash_loop_ends_in_an_error_and_not_in_a_storm(
    client: modal.Client, server: LocalModalServer
) -> None:
    broken = modal.Cls.from_name("calls", "Broken", client=client)()
    with ThreadPoolExecutor(10) as callers:
        calls = [callers.submit(broken.call.remote) for _ in range(10)]
        for call in calls:
            with pytest.raises(RemoteError, match="do not start: the last one exited with status"):
                call.result(timeout=DEADLINE_S)
    log = server.command("logs", "calls", "--tail", "1000").stdout
    assert log.count("exited with status 9") <= 6  # three together, then one at a time


def test_bounds_set_by_a_caller_are_kept_to_and_can_be_read(client: modal.Client) -> None:
    scaled = function(client, "scaled")
    assert scaled.autoscaler.settings().min_containers in {None, 0}

    def containers() -> int:
        return scaled.get_current_stats().num_total_runners

    scaled.autoscaler.update(min_containers=2, max_containers=3)
    settings = function(client, "scaled").autoscaler.settings()
    assert (settings.min_containers, settings.max_containers) == (2, 3)
    assert settings.scaledown_window == 2
    until(lambda: containers() == 2)  # nobody has called
    scaled.autoscaler.update(min_containers=0)
    until(lambda: containers() == 0)
    assert function(client, "scaled").autoscaler.settings().max_containers == 3


def test_what_a_container_started_ends_with_it(
    client: modal.Client, server: LocalModalServer, tmp_path: Path
) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    server.deploy(tmp_path / "parent.py")
    pids = modal.Function.from_name("parent", "start_another", client=client).remote()
    started = [psutil.Process(pid) for pid in pids]
    server.modal("app", "stop", "parent", "-y")
    _, alive = psutil.wait_procs(started, timeout=DEADLINE_S)
    assert not alive


PARENT = """
import modal

app = modal.App("parent")


@app.function()
def start_another():
    import os, subprocess
    return os.getpid(), subprocess.Popen(["sleep", "1000"]).pid
"""
