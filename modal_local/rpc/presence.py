"""Clients that are there: an app of `modal run` ends when its client has fallen silent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from modal_proto import api_pb2

from modal_local.store.store import Store

log = logging.getLogger(__name__)
SILENCE_S: Final = 60.0
_LOOK_EVERY_S: Final = 10.0
_BOUND_TO_CLIENTS: Final = frozenset(
    {api_pb2.APP_STATE_INITIALIZING, api_pb2.APP_STATE_EPHEMERAL, api_pb2.APP_STATE_DETACHED}
)


class Presence:
    """When each app's client was heard last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heard: dict[str, float] = {}
        self._since = time.monotonic()

    def beat(self, app_id: str) -> None:
        """The client of this app is there."""
        self._heard[app_id] = time.monotonic()

    async def watch(self, stop: Callable[[str, str], Awaitable[None]]) -> None:
        """End apps whose clients are silent, for as long as this runs."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for app_id in self.silent():
                log.info("the client of app %s is silent: the app ends", app_id)
                self._heard.pop(app_id, None)
                await stop(app_id, "")

    def silent(self) -> list[str]:
        """Apps that live with a client that is not heard any more."""
        oldest = time.monotonic() - SILENCE_S
        found = []
        for app in self._store.apps.all():
            if app.state not in _BOUND_TO_CLIENTS:
                self._heard.pop(app.app_id, None)
            elif self._heard.get(app.app_id, self._since) < oldest:
                if app.state == api_pb2.APP_STATE_DETACHED:
                    self._store.apps.set_state(app.app_id, api_pb2.APP_STATE_DETACHED_DISCONNECTED)
                else:
                    found.append(app.app_id)
        return found
