"""What the door itself says when a request reaches no container, or brings no answer back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from modal_local.errors import CallFailed, CallTimedOut, LocalModalError, NotFound, QueueFull
from modal_local.ingress.route import Route

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

_REFUSED_WEBSOCKET = 1011
_STARTS = frozenset(
    {
        "http.response.start",
        "websocket.accept",
        "websocket.close",
        "websocket.http.response.start",
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An error with its HTTP status."""

    status: int
    error: str
    headers: Mapping[str, str] | None = None


NO_SUCH_URL = Answer(404, "invalid function call: nothing is served at this address any more")
NO_CREDENTIALS = Answer(
    401, "missing credentials for proxy authorization: send Modal-Key, Modal-Secret"
)
BAD_CREDENTIALS = Answer(401, "invalid credentials for proxy authorization")
BODY_TOO_LARGE = Answer(413, "the request body is larger than 4 GiB")
NO_ANSWER = Answer(500, "the container ended the call without an answer")


def answer_for(error: LocalModalError, route: Route) -> Answer:
    """The status that fits a failure; its message was written for the caller."""
    match error:
        case NotFound():
            return Answer(
                404,
                f"invalid function call: the app {route.app_name} in environment "
                f"{route.environment} is not deployed (web endpoint {route.label})",
            )
        case QueueFull():
            return Answer(429, str(error), {"retry-after": "1"})
        case CallTimedOut():
            return Answer(504, str(error))
        case CallFailed():
            return Answer(500, str(error))
        case _:
            return Answer(500, "the local Modal could not pass the request on")


class Sending:
    """Passes events to a client, and knows whether its answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        """Whether the client has been sent anything: then an error can no longer be told."""

    async def __call__(self, event: Event) -> None:
        """Pass one on."""
        self.started = self.started or event["type"] in _STARTS
        await self._send(event)


async def send_answer(scope: Scope, send: Send, answer: Answer) -> None:
    """Answer a request, or refuse a websocket, in JSON."""
    body = json.dumps({"error": answer.error}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode()) for name, value in (answer.headers or {}).items()),
    ]
    if scope["type"] == "http":
        kind = "http.response"
    elif "websocket.http.response" in scope.get("extensions", {}):
        kind = "websocket.http.response"
    else:
        await send({"type": "websocket.close", "code": _REFUSED_WEBSOCKET})
        return
    await send({"type": f"{kind}.start", "status": answer.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})
