"""Web requests through real containers, as the ingress makes them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from modal_local.errors import CallFailed, CallTimedOut, NotFound
from modal_local.model import WebCall
from tests.fakes.small_modal import SmallModal, small_modal

APP = """
import asyncio, os, time

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("no lifespan here")
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": event["text"].upper()})
        return
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    path = scope["path"]
    if path == "/fail":
        raise RuntimeError("no answer to this")
    if path == "/slow":
        await asyncio.sleep(1)
    if path == "/hang":
        await asyncio.sleep(300)
    headers = [(b"x-pid", str(os.getpid()).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if path == "/stream":
        for number in range(5):
            chunk = {"type": "http.response.body", "body": b"%d," % number, "more_body": True}
            await send(chunk)
            await asyncio.sleep(0.05)
    if path == "/large":
        for _ in range(40):
            chunk = {"type": "http.response.body", "body": b"y" * 1_000_000, "more_body": True}
            await send(chunk)
    await send({"type": "http.response.body", "body": str(len(body)).encode()})

@app.function(max_containers=1)
@modal.concurrent(max_inputs=8)
@modal.asgi_app()
def web():
    return application

@app.function(timeout=2, startup_timeout=60)
@modal.asgi_app()
def hasty():
    return application

@app.cls()
class Service:
    @modal.enter()
    def load(self):
        self.word = "loaded"

    @modal.asgi_app()
    def web(self):
        return application
"""


async def test_a_request_is_answered_with_its_body_read(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        status, body = await _request(small, "web", "/", [b"a" * 100_000] * 3)
        assert (status, body) == (200, b"300000")


async def test_a_request_reaches_a_method_of_a_class(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        assert await _request(small, "Service.*", "/", [b""], method="web") == (200, b"0")


async def test_a_streamed_answer_arrives_piece_by_piece(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        call = await _open(small, "web", "/stream")
        await call.send({"type": "http.request", "body": b"", "more_body": False})
        pieces = [event["body"] async for event in call.events() if "body" in event]
        assert pieces == [b"0,", b"1,", b"2,", b"3,", b"4,", b"0"]


async def test_a_large_answer_waits_for_its_reader(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        call = await _open(small, "web", "/large")
        await call.send({"type": "http.request", "body": b"", "more_body": False})
        size = 0
        async for event in call.events():
            size += len(event.get("body", b""))
        assert size == 40_000_001
        assert not len(small.execution.ledger)


async def test_a_websocket_talks_in_both_directions(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        call = await _open(small, "web", "/ws", kind="websocket")
        await call.send({"type": "websocket.connect"})
        events = call.events()
        assert (await anext(events))["type"] == "websocket.accept"
        for word in ("one", "two"):
            await call.send({"type": "websocket.receive", "text": word})
            assert (await anext(events))["text"] == word.upper()
        await call.send({"type": "websocket.disconnect", "code": 1000})
        assert [event async for event in events] == []


async def test_an_app_that_raises_fails_the_call(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        with pytest.raises(CallFailed, match="no answer to this"):
            await _request(small, "web", "/fail", [b""])


async def test_a_request_that_hangs_times_out(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        with pytest.raises(CallTimedOut):
            await _request(small, "hasty", "/hang", [b""])


async def test_a_cancelled_request_frees_its_container(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        call = await _open(small, "web", "/hang")
        await call.send({"type": "http.request", "body": b"", "more_body": False})
        await small.until(lambda: any(c.running_inputs for c in small.execution.containers()))
        pids = small.processes()
        await call.cancel()
        await call.cancel()
        with pytest.raises(CallFailed, match="cancelled"):
            await anext(call.events())
        assert await _request(small, "web", "/", [b""]) == (200, b"0")
        assert small.processes() == pids


async def test_requests_of_a_dead_container_are_answered_by_another(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        await _request(small, "web", "/", [b""])
        (first,) = small.processes()
        requests = [asyncio.create_task(_request(small, "web", "/slow", [b"abc"])) for _ in "12"]
        await small.until(lambda: any(c.running_inputs for c in small.execution.containers()))
        os.kill(first, signal.SIGKILL)
        assert [await request for request in requests] == [(200, b"3")] * 2


async def test_a_redeploy_under_load_answers_every_request(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        done = asyncio.Event()
        answers: list[tuple[int, bytes]] = []

        async def visitor() -> None:
            while not done.is_set():
                answers.append(await _request(small, "web", "/", [b"abc"]))

        async with asyncio.TaskGroup() as visitors:
            for _ in range(6):
                visitors.create_task(visitor())
            await small.until(lambda: len(answers) > 20)
            await small.deploy(APP)
            await small.until(lambda: {c.version for c in small.execution.containers()} == {2})
            done.set()
        assert set(answers) == {(200, b"3")}


async def test_a_request_to_an_app_that_was_stopped_is_refused(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy(APP)
        hanging = asyncio.create_task(_request(small, "web", "/hang", [b""]))
        await small.until(lambda: any(c.running_inputs for c in small.execution.containers()))
        small.app.is_deployed = False
        await small.execution.app_stopped("ap-1")
        with pytest.raises(CallFailed, match="the app was stopped"):
            await hanging
        with pytest.raises(NotFound):
            await _open(small, "web", "/")


async def _open(
    small: SmallModal, tag: str, path: str, *, kind: str = "http", method: str = ""
) -> WebCall:
    scope: Mapping[str, Any] = {
        "type": kind,
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"test")],
        "client": ("127.0.0.1", 1),
    }
    function_id = small.app.layout.function_ids[tag]
    return await small.execution.open_web_call(function_id, method_name=method, scope=scope)


async def _request(
    small: SmallModal, tag: str, path: str, body: list[bytes], *, method: str = ""
) -> tuple[int, bytes]:
    call = await _open(small, tag, path, method=method)
    for number, piece in enumerate(body, 1):
        sent = {"type": "http.request", "body": piece, "more_body": number < len(body)}
        await call.send(sent)
    status, answer = 0, b""
    async for event in call.events():
        status = event.get("status", status)
        answer += event.get("body", b"")
    return status, answer
