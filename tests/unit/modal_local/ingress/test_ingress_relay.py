"""Requests passed on to programs that listen, over real sockets on the loopback interface."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
import websockets
from websockets.asyncio.server import ServerConnection, serve

from modal_local.errors import CallFailed
from modal_local.ingress.route import Route
from modal_local.ingress.server import Ingress

DEADLINE_S = 30
Program = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Leases:
    """Every request has its place at the one program there is."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open = 0
        self.refusal = ""

    @property
    def requests(self) -> Leases:
        return self

    def listens(self, function_id: str) -> bool:
        return bool(function_id)

    @asynccontextmanager
    async def lease(self, function_id: str) -> AsyncIterator[Leases]:
        del function_id
        self.open += 1
        try:
            yield self
        finally:
            self.open -= 1

    async def connect(self) -> socket.socket:
        if self.refusal:
            raise CallFailed(self.refusal)
        connection = socket.socket()
        connection.setblocking(False)  # noqa: FBT003 - the socket module's signature
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", self.port))
        return connection


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def an_ingress(leases: Leases) -> AsyncIterator[int]:
    route = Route(free_port(), "fu-1", "", app_name="shop", label="shop-web", environment="main")
    async with Ingress(leases, lambda *_: False) as ingress:  # type: ignore[arg-type]  # a part of it
        await ingress.open(route)
        yield route.port


@asynccontextmanager
async def passed_on(program: Program) -> AsyncIterator[tuple[httpx.AsyncClient, Leases]]:
    async with await asyncio.start_server(program, "127.0.0.1", 0) as server:
        leases = Leases(server.sockets[0].getsockname()[1])
        async with (
            an_ingress(leases) as port,
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_S, trust_env=False
            ) as http,
        ):
            yield http, leases
        assert leases.open == 0


async def head_and_body(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return head, await reader.readexactly(int(length)) if length else b""


async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head, body = await head_and_body(reader)
    told = head.splitlines()[0] + b" " + str(len(body)).encode()
    length = str(len(told)).encode()
    writer.write(b"HTTP/1.1 201 made\r\nX-A: 1\r\ncontent-length: " + length + b"\r\n\r\n" + told)
    writer.close()


async def test_a_request_and_its_answer_pass_unchanged() -> None:
    async with passed_on(tell) as (http, _):
        answer = await http.post("/a%20b?c=d", content=b"x" * 300_000)
        assert (answer.status_code, answer.headers["x-a"]) == (201, "1")
        assert answer.text == "post /a%20b?c=d http/1.1 300000"
        assert (await http.get("/")).text == "get / http/1.1 0"


async def test_what_is_for_the_door_does_not_reach_the_program() -> None:
    heads: list[bytes] = []

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await head_and_body(reader))[0])
        writer.write(b"HTTP/1.1 204 x\r\n\r\n")
        writer.close()

    async with passed_on(program) as (http, _):
        await http.get("/", headers={"modal-key": "k", "modal-secret": "s", "x-own": "o"})
    assert b"modal-" not in heads[0]
    assert b"x-own: o" in heads[0]


async def test_pieces_arrive_as_they_are_sent() -> None:
    gate = asyncio.Event()

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_and_body(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await gate.wait()
        writer.write(b"4\r\nlast\r\n0\r\n\r\n")
        writer.close()

    async with passed_on(program) as (http, _), http.stream("GET", "/") as answer:
        pieces = answer.aiter_bytes()
        assert await anext(pieces) == b"first"
        gate.set()  # only now can the last one be sent
        assert b"".join([piece async for piece in pieces]) == b"last"


async def test_a_client_that_goes_away_ends_the_connection() -> None:
    ended = asyncio.Event()

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_and_body(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nfirst")
        await reader.read()
        ended.set()
        writer.close()

    async with passed_on(program) as (http, _):
        async with http.stream("POST", "/", content=b"body") as answer:
            await anext(answer.aiter_bytes())
        async with asyncio.timeout(DEADLINE_S):
            await ended.wait()


async def test_a_request_without_a_body_is_asked_once_more_when_the_connection_breaks() -> None:
    tries: list[bytes] = []

    async def program(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append((await head_and_body(reader))[0])
        if len(tries) > 1:
            writer.write(b"HTTP/1.1 204 x\r\n\r\n")
        writer.close()

    async with passed_on(program) as (http, _):
        assert (await http.get("/")).status_code == 204
        tries.clear()
        assert (await http.post("/", content=b"only once")).status_code == 502
    assert len(tries) == 1


async def test_a_failure_is_one_sentence() -> None:
    async with passed_on(tell) as (http, leases):
        leases.refusal = "the containers do not start"
        answer = await http.get("/")
    assert (answer.status_code, answer.json()) == (500, {"error": "the containers do not start"})


async def shout(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message.upper())
        if message == "bye":
            await connection.close(4001, "said so")


async def test_a_websocket_talks_both_ways() -> None:
    async with serve(shout, "127.0.0.1", 0, subprotocols=["chat"]) as server:  # type: ignore[list-item]  # a str
        leases = Leases(next(iter(server.sockets)).getsockname()[1])
        async with an_ingress(leases) as port, asyncio.timeout(DEADLINE_S):
            address = f"ws://127.0.0.1:{port}/talk?a=b"
            async with websockets.connect(address, subprotocols=["chat"], proxy=None) as client:  # type: ignore[list-item]  # a str
                assert client.subprotocol == "chat"
                for message in ("one", b"two", "bye"):
                    await client.send(message)
                    assert await client.recv() == message.upper()
                with pytest.raises(websockets.ConnectionClosed):
                    await client.recv()
                assert (client.close_code, client.close_reason) == (4001, "said so")


async def test_a_websocket_that_is_not_taken_is_refused() -> None:
    async with passed_on(tell) as (http, _):
        address = str(http.base_url).replace("http", "ws")
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with asyncio.timeout(DEADLINE_S):
                await websockets.connect(address, proxy=None)
    assert refused.value.response.status_code == 502
