"""Listeners: one loopback port for each web endpoint, one application behind them all."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final, Self

from uvicorn.config import Config
from uvicorn.server import ServerState

from modal_local.errors import Conflict
from modal_local.ingress.door import Door
from modal_local.ingress.route import Route
from modal_local.model import Execution
from modal_local.settings import LOOPBACK

_BACKLOG: Final = 1024
_GOODBYE_S: Final = 2.0


class Ingress:
    """Opens and closes web URLs while it is entered."""

    def __init__(self, execution: Execution, accepts: Callable[[str, str, str], bool]) -> None:
        """`accepts(key, secret, environment)`: whether a proxy token opens the endpoints there."""
        self._door = Door(execution, accepts)
        self._listeners: dict[int, asyncio.Server] = {}
        self._state = ServerState()
        self._config = Config(
            self._door,
            interface="asgi3",
            http="httptools",
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            log_level="critical",  # what happens to requests is told by those who know
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
        )

    async def __aenter__(self) -> Self:
        self._config.load()
        return self

    async def __aexit__(self, *failure: object) -> None:
        for port in list(self._listeners):
            self.close(port)
        for connection in list(self._state.connections):
            connection.shutdown()
        tasks = set(self._state.tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_GOODBYE_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def open(self, route: Route) -> None:
        """Answer at the route's port, in place of a route that is there. Raises Conflict."""
        self._door.routes[route.port] = route
        if route.port in self._listeners:
            return
        listener = _bind(route.port)
        try:
            self._listeners[route.port] = await asyncio.get_running_loop().create_server(
                self._protocol, sock=listener, backlog=_BACKLOG
            )
        except OSError as error:
            listener.close()
            raise Conflict(f"port {route.port} of {route.label}: {error.strerror}") from error

    def close(self, port: int) -> None:
        """Answer no more at this port; open connections get 404. Repeats safely."""
        self._door.routes.pop(port, None)
        listener = self._listeners.pop(port, None)
        if listener is not None:
            listener.close()

    def routes(self) -> list[Route]:
        """What is open now."""
        return sorted(self._door.routes.values(), key=lambda route: route.port)

    def _protocol(self) -> asyncio.Protocol:
        return self._config.http_protocol_class(  # type: ignore[call-arg]  # typed as Protocol
            config=self._config, server_state=self._state, app_state={}
        )


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setblocking(False)  # noqa: FBT003 - the socket module's signature
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise Conflict(f"port {port} is taken by another program") from error
    return listener
