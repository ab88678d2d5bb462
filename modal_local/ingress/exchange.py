"""One request or websocket on its way through a container, both directions at once."""

from __future__ import annotations

import asyncio
from typing import Final

from modal_local.ingress.answers import BODY_TOO_LARGE, NO_ANSWER, Answer, Receive, Sending
from modal_local.model import WebCall

LARGEST_BODY: Final = 4 * 1024**3
_GRACE_S: Final = 5.0
"""How long an app may take to notice that its client has gone, before its input is cancelled."""


class Exchange:
    """Passes events between a client and a container; holds no body."""

    def __init__(self, call: WebCall, receive: Receive, send: Sending) -> None:
        self._call = call
        self._receive = receive
        self._send = send

    async def run(self) -> Answer | None:
        """Until either side is done. An answer is returned when the client still needs one.

        Raises LocalModalError when the call fails.
        """
        outward = asyncio.create_task(self._outward())
        inward = asyncio.create_task(self._inward())
        try:
            await asyncio.wait({outward, inward}, return_when=asyncio.FIRST_COMPLETED)
            if not outward.done():
                refused = inward.exception() is None and inward.result() is not None
                await asyncio.wait({outward}, timeout=0 if refused else _GRACE_S)
            if not outward.done():
                return inward.result()  # the client has gone, or sent too much
            outward.result()
            return None if self._send.started else NO_ANSWER
        finally:
            for task in (inward, outward):
                task.cancel()
            ended = await asyncio.gather(inward, outward, return_exceptions=True)
            if ended[1] is not None:
                await self._call.cancel()

    async def _outward(self) -> None:
        async for event in self._call.events():
            if event["type"] != "http.response.trailers":
                await self._send(dict(event))

    async def _inward(self) -> Answer | None:
        """Pass on what the client sends, until it goes."""
        size = 0
        while True:
            event = await self._receive()
            if event["type"] == "http.request":
                size += len(event.get("body", b""))
                if size > LARGEST_BODY:
                    return BODY_TOO_LARGE
            await self._call.send(event)
            if event["type"] in {"http.disconnect", "websocket.disconnect"}:
                return None
