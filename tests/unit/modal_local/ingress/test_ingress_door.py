"""The HTTP door, over real sockets on the loopback interface."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import websockets

from modal_local.errors import CallFailed, CallTimedOut, Conflict, NotFound, QueueFull
from modal_local.ingress.route import Route
from modal_local.ingress.server import Ingress
from tests.fakes.web_execution import WebExecution


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    body = b""
    while True:
        event = await receive()
        body += event["body"]
        if not event["more_body"]:
            break
    text = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()} {len(body)}"
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-a", b"1")]})
    await send({"type": "http.response.body", "body": text.encode(), "more_body": False})


def a_route(port: int, **changes: Any) -> Route:
    fields: dict[str, Any] = {
        "port": port,
        "function_id": "fu-1",
        "method_name": "",
        "app_name": "shop",
        "label": "shop-web",
        "environment": "main",
    }
    return Route(**{**fields, **changes})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def an_ingress(app: Any, **changes: Any) -> AsyncIterator[tuple[Route, WebExecution]]:
    execution = WebExecution({"fu-1": app})
    route = a_route(free_port(), **changes)
    accepts = lambda key, secret, _: (key, secret) == ("wk-1", "ws-1")  # noqa: E731
    async with Ingress(execution, accepts) as ingress:  # type: ignore[arg-type]  # a part of it
        await ingress.open(route)
        yield route, execution


async def test_a_request_and_its_answer_pass_unchanged() -> None:
    async with an_ingress(echo) as (route, _), httpx.AsyncClient() as client:
        answer = await client.post(f"{route.url}/a%20b?x=1", content=b"z" * 300_000)
    assert (answer.status_code, answer.headers["x-a"]) == (201, "1")
    assert answer.text == "POST /a b?x=1 300000"


async def test_a_stream_arrives_piece_by_piece() -> None:
    more = asyncio.Event()

    async def stream(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await more.wait()
        await send({"type": "http.response.body", "body": b"data: 2\n\n", "more_body": False})

    async with (
        an_ingress(stream) as (route, _),
        httpx.AsyncClient() as client,
        client.stream("GET", route.url) as answer,
    ):
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"data: 1\n\n"  # the second has not been sent yet
        more.set()
        assert await anext(pieces) == b"data: 2\n\n"


async def test_a_client_that_goes_away_ends_the_call() -> None:
    async def endless(_: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        raise asyncio.CancelledError

    async with an_ingress(endless) as (route, execution):
        async with httpx.AsyncClient() as client, client.stream("GET", route.url) as answer:
            await anext(answer.aiter_raw())
        async with asyncio.timeout(10):
            await asyncio.wait({execution.calls[0]._task})
    assert execution.calls[0].received[-1] == "http.disconnect"


async def test_a_websocket_talks_both_ways() -> None:
    async def chat(_: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        event = await receive()
        await send({"type": "websocket.send", "text": event["text"] + "!", "bytes": None})
        await send({"type": "websocket.close", "code": 1000, "reason": "done"})

    async with (
        an_ingress(chat) as (route, _),
        websockets.connect(f"ws://127.0.0.1:{route.port}/ws") as talk,
    ):
        await talk.send("hello")
        assert await talk.recv() == "hello!"


@pytest.mark.parametrize(
    ("failure", "status", "text"),
    [
        pytest.param(NotFound("gone"), 404, "shop", id="stopped app"),
        pytest.param(QueueFull("2000 inputs wait"), 429, "2000", id="queue full"),
        pytest.param(CallTimedOut("longer than 3 s"), 504, "3 s", id="timeout"),
        pytest.param(CallFailed("crash loop"), 500, "crash loop", id="crash loop"),
    ],
)
async def test_a_failure_is_one_sentence_with_its_status(
    failure: Exception, status: int, text: str
) -> None:
    async with an_ingress(failure) as (route, _), httpx.AsyncClient() as client:
        answer = await client.get(route.url)
    assert answer.status_code == status
    assert text in answer.json()["error"]


async def test_a_failure_in_the_container_before_it_answers_is_told() -> None:
    async def dies(_: Any, __: Any, ___: Any) -> None:
        raise CallFailed("the container exited with status 1")

    async with an_ingress(dies) as (route, _), httpx.AsyncClient() as client:
        answer = await client.get(route.url)
    assert (answer.status_code, answer.json()["error"]) == (
        500,
        "the container exited with status 1",
    )


async def test_a_failure_after_the_start_of_an_answer_breaks_the_connection() -> None:
    async def dies(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise CallFailed("lost")

    async with an_ingress(dies) as (route, _), httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(route.url)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="none"),
        pytest.param({"Modal-Key": "wk-1", "Modal-Secret": "no"}, 401, id="wrong"),
        pytest.param({"Modal-Key": "wk-1", "Modal-Secret": "ws-1"}, 201, id="headers"),
        pytest.param({"Authorization": "Bearer wk-1.ws-1"}, 201, id="bearer"),
    ],
)
async def test_proxy_auth_lets_only_the_token_in(headers: dict[str, str], status: int) -> None:
    async with (
        an_ingress(echo, requires_proxy_auth=True) as (route, execution),
        httpx.AsyncClient() as client,
    ):
        answer = await client.get(route.url, headers=headers)
    assert answer.status_code == status
    assert all(value != b"ws-1" for call in execution.calls for _, value in call.scope["headers"])


async def test_an_unauthorized_websocket_is_refused_with_401() -> None:
    async with an_ingress(echo, requires_proxy_auth=True) as (route, _):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"ws://127.0.0.1:{route.port}/")
    assert refused.value.response.status_code == 401


async def test_a_closed_url_accepts_no_connection() -> None:
    route = a_route(free_port())
    execution = WebExecution({"fu-1": echo})
    async with (
        Ingress(execution, lambda *_: False) as ingress,  # type: ignore[arg-type]  # a part
        httpx.AsyncClient() as client,
    ):
        await ingress.open(route)
        assert (await client.get(route.url)).status_code == 201
        ingress.close(route.port)
        assert (await client.get(route.url)).status_code == 404  # over the open connection
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(route.url)


async def test_a_port_that_is_taken_is_a_conflict() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        execution = WebExecution({})
        async with Ingress(execution, lambda *_: False) as ingress:  # type: ignore[arg-type]  # a part
            with pytest.raises(Conflict, match="taken"):
                await ingress.open(a_route(other.getsockname()[1]))
