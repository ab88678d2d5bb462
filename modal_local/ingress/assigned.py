"""Keeps the open web URLs at what is deployed."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from modal_local.errors import Conflict
from modal_local.ingress.route import Route
from modal_local.ingress.server import Ingress
from modal_local.settings import LOOPBACK
from modal_local.store.web_urls import WebUrl


class AssignedUrls:
    """Opens, changes and closes routes of an ingress."""

    def __init__(self, ingress: Ingress) -> None:
        self._ingress = ingress

    def is_usable(self, port: int) -> bool:
        """Whether no other program has this port."""
        if any(route.port == port for route in self._ingress.routes()):
            return True
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
        return True

    async def serve(self, urls: Sequence[WebUrl]) -> Sequence[str]:
        """Answer at these URLs and no others; sentences about those that cannot be."""
        wanted = {url.port for url in urls}
        for route in self._ingress.routes():
            if route.port not in wanted:
                self._ingress.close(route.port)
        failures = []
        for url in urls:
            try:
                await self._ingress.open(_route(url))
            except Conflict as error:
                failures.append(f"{url.url} of app {url.app_name} does not answer: {error}")
        return failures


def _route(url: WebUrl) -> Route:
    return Route(
        port=url.port,
        function_id=url.function_id,
        method_name=url.method,
        app_name=url.app_name,
        label=url.label,
        environment=url.environment,
        requires_proxy_auth=url.requires_proxy_auth,
    )
