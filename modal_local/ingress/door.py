"""The one ASGI application behind all ports: find the route, check credentials, open the call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from modal_local.errors import LocalModalError
from modal_local.ingress.answers import (
    BAD_CREDENTIALS,
    NO_CREDENTIALS,
    NO_SUCH_URL,
    Answer,
    Receive,
    Scope,
    Send,
    Sending,
    answer_for,
    send_answer,
)
from modal_local.ingress.exchange import Exchange
from modal_local.ingress.relay import Relay
from modal_local.ingress.route import Route, container_scope
from modal_local.ingress.socket_relay import SocketRelay
from modal_local.model import Execution

log = logging.getLogger(__name__)
_BROKEN = Answer(500, "the local Modal could not pass the request on; see its log")


class Door:
    """Routes by the port a connection came in on."""

    def __init__(self, execution: Execution, accepts: Callable[[str, str, str], bool]) -> None:
        self.routes: dict[int, Route] = {}
        self._execution = execution
        self._accepts = accepts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket; no failure of ours reaches the client as a traceback."""
        if scope["type"] not in {"http", "websocket"}:
            return
        try:
            answer = await self._serve(scope, receive, send)
        except Exception:
            log.exception("a web request broke")
            answer = _BROKEN
        if answer is not None:
            await send_answer(scope, send, answer)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        route = self.routes.get(scope["server"][1])
        if route is None:
            return NO_SUCH_URL
        if route.requires_proxy_auth and (refusal := self._refusal(scope, route)) is not None:
            return refusal
        sending = Sending(send)
        try:
            answer = await self._pass_on(route, scope, receive, sending)
        except LocalModalError as error:
            answer = answer_for(error, route)
        return None if sending.started else answer  # else too late: the connection is closed

    async def _pass_on(
        self, route: Route, scope: Scope, receive: Receive, send: Sending
    ) -> Answer | None:
        requests = self._execution.requests
        if requests.listens(route.function_id):
            relay = SocketRelay if scope["type"] == "websocket" else Relay
            async with requests.lease(route.function_id) as lease:
                return await relay(lease, scope, receive, send).run()
        call = await self._execution.open_web_call(
            route.function_id, method_name=route.method_name, scope=container_scope(scope)
        )
        return await Exchange(call, receive, send).run()

    def _refusal(self, scope: Mapping[str, Any], route: Route) -> Answer | None:
        key, secret = _credentials({bytes(k): bytes(v) for k, v in scope["headers"]})
        if not key or not secret:
            return NO_CREDENTIALS
        return None if self._accepts(key, secret, route.environment) else BAD_CREDENTIALS


def _credentials(headers: Mapping[bytes, bytes]) -> tuple[str, str]:
    if b"modal-key" in headers or b"modal-secret" in headers:
        return _text(headers.get(b"modal-key")), _text(headers.get(b"modal-secret"))
    scheme, _, token = _text(headers.get(b"authorization")).partition(" ")
    if scheme.lower() != "bearer":
        return "", ""
    key, _, secret = token.strip().partition(".")
    return key, secret


def _text(value: bytes | None) -> str:
    return (value or b"").decode("latin-1")
