"""One websocket passed on to a program that listens in a container."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from modal_local.ingress.answers import Answer, Receive, Scope, Sending
from modal_local.ingress.relay import BROKEN_OFF, PER_CONNECTION
from modal_local.ingress.route import target_of, without_credentials
from modal_local.model import Lease

_OF_THE_HANDSHAKE: Final = b"sec-websocket-"
_NORMAL: Final = 1000
_UNSENDABLE: Final = frozenset({1005, 1006, 1015})
"""Codes that say how a connection ended, and are never sent."""


class SocketRelay:
    """Messages in both directions."""

    def __init__(self, lease: Lease, scope: Scope, receive: Receive, send: Sending) -> None:
        self._lease = lease
        self._scope = scope
        self._receive = receive
        self._send = send

    async def run(self) -> Answer | None:
        """Until either side has closed. An answer is returned when the client still needs one.

        Raises LocalModalError when no container can have the websocket.
        """
        connection = await self._lease.connect()
        offered = [Subprotocol(name) for name in self._scope.get("subprotocols", [])]
        try:
            async with connect(
                f"ws://container{target_of(self._scope).decode('latin-1')}",
                sock=connection,
                subprotocols=offered or None,
                additional_headers=self._headers(),
                user_agent_header=None,
                compression=None,
                proxy=None,
                max_size=None,
            ) as outer:
                await self._talk(outer)
        except (InvalidHandshake, OSError):
            return BROKEN_OFF
        return None

    def _headers(self) -> list[tuple[str, str]]:
        return [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in without_credentials(self._scope["headers"])
            if name not in {*PER_CONNECTION, b"host"} and not name.startswith(_OF_THE_HANDSHAKE)
        ]

    async def _talk(self, outer: ClientConnection) -> None:
        await self._receive()  # websocket.connect
        await self._send({"type": "websocket.accept", "subprotocol": outer.subprotocol})
        inward = asyncio.create_task(self._inward(outer))
        try:
            async for message in outer:
                kind = "text" if isinstance(message, str) else "bytes"
                await self._send({"type": "websocket.send", kind: message})
        except ConnectionClosed:
            pass  # without a proper end; the client is told so below
        finally:
            has_left = inward.done()
            inward.cancel()
            await asyncio.gather(inward, return_exceptions=True)
        if not has_left:
            code = _sendable(outer.close_code)
            await self._send(
                {"type": "websocket.close", "code": code, "reason": outer.close_reason or ""}
            )

    async def _inward(self, outer: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (event := await self._receive())["type"] == "websocket.receive":
                text = event.get("text")
                await outer.send(event["bytes"] if text is None else text)
            await outer.close(_sendable(event.get("code")))


def _sendable(code: int | None) -> int:
    return _NORMAL if code is None or code in _UNSENDABLE else code
