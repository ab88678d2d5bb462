"""A synchronous HTTP client for an ASGI app in this process."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx


class AsgiClient:
    """Each call runs the app on an event loop of its own; nothing listens on a port."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx.ASGITransport(app=app)

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._request("GET", path))

    def post(self, path: str, *, json: object) -> httpx.Response:
        return asyncio.run(self._request("POST", path, json=json))

    async def _request(self, method: str, path: str, **rest: Any) -> httpx.Response:
        async with httpx.AsyncClient(
            transport=self._transport, base_url="http://service"
        ) as client:
            return await client.request(method, path, **rest)
