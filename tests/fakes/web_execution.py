"""Execution that runs an ASGI app in place of a container."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from modal_local.errors import LocalModalError

AsgiApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class AppCall:
    """One run of the app."""

    def __init__(self, app: AsgiApp, scope: Mapping[str, Any]) -> None:
        self.scope = dict(scope)
        self.cancelled = asyncio.Event()
        self.received: list[str] = []
        self._inward: asyncio.Queue[Any] = asyncio.Queue()
        self._outward: asyncio.Queue[Any] = asyncio.Queue()
        self.failure: LocalModalError | None = None
        self._task = asyncio.create_task(self._run(app))

    async def send(self, event: Mapping[str, Any]) -> None:
        """To the app."""
        self.received.append(event["type"])
        await self._inward.put(dict(event))

    async def events(self) -> AsyncIterator[Mapping[str, Any]]:
        """From the app."""
        while (event := await self._outward.get()) is not None:
            yield event
        if self.failure is not None:
            raise self.failure

    async def cancel(self) -> None:
        """The client has gone."""
        self._task.cancel()
        self.cancelled.set()

    async def _run(self, app: AsgiApp) -> None:
        try:
            await app(self.scope, self._inward.get, self._outward.put)
        except LocalModalError as error:
            self.failure = error
        finally:
            await self._outward.put(None)


class WebExecution:
    """Opens web calls; nothing else is asked of it by the ingress."""

    def __init__(self, apps: Mapping[str, AsgiApp | LocalModalError]) -> None:
        self.apps = dict(apps)
        self.calls: list[AppCall] = []

    @property
    def requests(self) -> WebExecution:
        """None of them is for a container that listens itself."""
        return self

    def listens(self, function_id: str) -> bool:
        """No container does."""
        return function_id not in self.apps

    async def open_web_call(
        self, function_id: str, *, method_name: str, scope: Mapping[str, Any]
    ) -> AppCall:
        """Run the app of the function."""
        app = self.apps[function_id]
        if isinstance(app, LocalModalError):
            raise app
        call = AppCall(app, {**scope, "method_name": method_name})
        self.calls.append(call)
        return call
