"""Wakes coroutines when something they look at has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Bell:
    """Rung by those who change a thing, heard by all who wait for a change."""

    __slots__ = ("_listeners",)

    def __init__(self) -> None:
        self._listeners: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake everyone who waits now."""
        listeners, self._listeners = self._listeners, set()
        for listener in listeners:
            if not listener.done():
                listener.set_result(None)

    async def wait_until(self, holds: Callable[[], bool], *, timeout_s: float | None) -> bool:
        """Return when `holds()`, or when time is up; whether it held."""
        try:
            async with asyncio.timeout(timeout_s):
                while not holds():
                    await self._rung()
        except TimeoutError:
            return holds()
        return True

    async def _rung(self) -> None:
        listener = asyncio.get_running_loop().create_future()
        self._listeners.add(listener)
        try:
            await listener
        finally:
            self._listeners.discard(listener)
