"""One HTTP request passed on to a program that listens in a container."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Final

import httpcore

from modal_local.ingress.answers import Answer, Receive, Scope, Sending
from modal_local.ingress.route import target_of, without_credentials
from modal_local.ingress.stream import SocketStream
from modal_local.model import Lease

BROKEN_OFF: Final = Answer(502, "the program in the container did not answer this request")
PER_CONNECTION: Final = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade"),
        b"expect",
    }
)
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_ORIGIN: Final = httpcore.Origin(b"http", b"container", 80)
_TRIES: Final = 2


class Relay:
    """Speaks HTTP with the container; nothing is held back."""

    def __init__(self, lease: Lease, scope: Scope, receive: Receive, send: Sending) -> None:
        self._lease = lease
        self._scope = scope
        self._receive = receive
        self._send = send
        headers = without_credentials(scope["headers"])
        self._headers = [pair for pair in headers if pair[0] not in PER_CONNECTION]
        self._body_begun = False
        self._body_over = asyncio.Event()
        if not any(name in _FRAMING for name, _ in self._headers):
            self._body_over.set()

    async def run(self) -> Answer | None:
        """Until either side is done. An answer is returned when the client still needs one.

        Raises LocalModalError when no container can have the request.
        """
        answering = asyncio.create_task(self._answer())
        leaving = asyncio.create_task(self._client_gone())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            return answering.result() if answering.done() else None
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _answer(self) -> Answer | None:
        for _ in range(_TRIES):
            connection = await self._lease.connect()
            try:
                await self._exchange(connection)
            except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
                if self._send.started or self._body_begun:
                    break  # it cannot be asked again
            else:
                return None
        return BROKEN_OFF

    async def _exchange(self, connection: socket.socket) -> None:
        http = httpcore.AsyncHTTP11Connection(_ORIGIN, await SocketStream.over(connection))
        try:
            response = await http.handle_async_request(self._request())
            headers = [(name.lower(), value) for name, value in response.headers]
            start = {
                "type": "http.response.start",
                "status": response.status,
                "headers": [pair for pair in headers if not _is_framing(pair[0])],
            }
            await self._send(start)
            async for piece in response.aiter_stream():
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            with contextlib.suppress(OSError, httpcore.NetworkError):
                await http.aclose()

    def _request(self) -> httpcore.Request:
        return httpcore.Request(
            self._scope["method"].encode(),
            httpcore.URL(scheme=b"http", host=b"container", target=target_of(self._scope)),
            headers=[*self._headers, (b"connection", b"close")],
            content=None if self._body_over.is_set() else self._body(),
        )

    async def _body(self) -> AsyncIterator[bytes]:
        self._body_begun = True
        more = True
        while more:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise ConnectionAbortedError("the client has gone")
            more = event.get("more_body", False)
            yield event.get("body", b"")
        self._body_over.set()

    async def _client_gone(self) -> None:
        """Return when the client has gone while it waits for its answer."""
        await self._body_over.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _is_framing(name: bytes) -> bool:
    """Whether a header is for one connection only; the length stays."""
    return name in PER_CONNECTION or name == b"transfer-encoding"
