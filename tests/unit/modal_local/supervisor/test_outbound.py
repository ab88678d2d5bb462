"""The proxy through which a container with a network of its own reaches the world."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from modal_local.supervisor.outbound import pass_on_request

DEADLINE_S = 30
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def far_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with what it was asked."""
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + head)
    writer.close()


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def asked(port: int, *requests: bytes) -> bytes:
    """Everything that comes back; each request is sent when the one before was answered."""
    async with asyncio.timeout(DEADLINE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        told = b""
        for request in requests[:-1]:
            writer.write(request)
            told += await reader.readuntil(b"\r\n\r\n")
        writer.write(requests[-1])
        told += await reader.read()
        writer.close()
        return told


@pytest.fixture
async def ports() -> AsyncIterator[tuple[int, int]]:
    """Of the proxy, and of a server behind it."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(listening(pass_on_request))
        yield proxy, await stack.enter_async_context(listening(far_away))


async def test_a_plain_request_is_passed_on_without_what_is_for_the_proxy(
    ports: tuple[int, int],
) -> None:
    proxy, far = ports
    request = (
        f"GET http://127.0.0.1:{far}/a?b=c HTTP/1.1\r\nhost: x\r\n"
        "proxy-authorization: secret\r\nconnection: keep-alive\r\n\r\n"
    )
    told = await asked(proxy, request.encode())
    assert told.startswith(b"HTTP/1.1 200 OK")
    assert told.endswith(b"GET /a?b=c HTTP/1.1\r\nconnection: close\r\nhost: x\r\n\r\n")


async def test_a_tunnel_carries_whatever_is_sent(ports: tuple[int, int]) -> None:
    proxy, far = ports
    connect = f"CONNECT 127.0.0.1:{far} HTTP/1.1\r\n\r\n".encode()
    told = await asked(proxy, connect, b"anything\r\n\r\n")
    assert told == b"HTTP/1.1 200 connected\r\n\r\nHTTP/1.1 200 OK\r\n\r\nanything\r\n\r\n"


@pytest.mark.parametrize(
    "request_line",
    [
        pytest.param("CONNECT 127.0.0.1:1 HTTP/1.1", id="nobody there"),
        pytest.param("CONNECT nowhere.invalid:80 HTTP/1.1", id="unknown host"),
        pytest.param("GET /path HTTP/1.1", id="no address"),
        pytest.param("GET ftp://127.0.0.1/ HTTP/1.1", id="another scheme"),
        pytest.param("nonsense", id="no request"),
    ],
)
async def test_what_cannot_be_passed_on_is_answered(
    ports: tuple[int, int], request_line: str
) -> None:
    told = await asked(ports[0], f"{request_line}\r\n\r\n".encode())
    assert told.startswith(b"HTTP/1.1 502 ")
    assert told.count(b"\r\n\r\n") == 1
