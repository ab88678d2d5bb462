"""HTTP requests to containers that listen themselves (`app.server`).

A request waits in the pool's queue, and counts in scaling, as an input does; the container takes
no inputs, so the server asks for them in its stead, and tells it when to end.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from modal_proto import api_pb2

from modal_local.calls.call import Input, InputState
from modal_local.calls.ledger import Ledger
from modal_local.errors import CallFailed
from modal_local.supervisor.attempts import Attempts, cancelled
from modal_local.supervisor.calling import MOST_QUEUED_WEB, Pools, refuse_overflow
from modal_local.supervisor.container import EXIT_GRACE_S, Container
from modal_local.supervisor.outcomes import call_error
from modal_local.supervisor.pool import Pool
from modal_local.supervisor.reconciler import Placed

log = logging.getLogger(__name__)
_LOOK_EVERY_S: Final = 0.05
_IN_FLIGHT_S: Final = 30.0
"""How long requests go on in a container that is to end, where its function does not say."""


@dataclass(frozen=True, slots=True)
class RequestsGround:
    """What requests go through."""

    ledger: Ledger
    attempts: Attempts
    pools: Pools
    placed: Mapping[str, Placed]
    wake: Callable[[Pool], None]
    tasks: asyncio.TaskGroup


class Lease:
    """A request's place in a container."""

    def __init__(self, item: Input, places: Mapping[str, Container]) -> None:
        self._item = item
        self._places = places

    async def connect(self) -> socket.socket:
        """A connection to the container that has the request, as soon as one has.

        To be asked again when a connection broke: by then another may have it. Raises CallFailed.
        """
        while True:
            container = await self._container()
            port = container.task.function.definition.http_config.port
            try:
                return await dial(container, port)
            except OSError:
                container.stop(grace_s=0, reason=f"does not answer on port {port} any more")
                await container.gone.wait()

    async def _container(self) -> Container:
        item = self._item
        call = item.call
        await call.changed.wait_until(
            lambda: item.input_id in self._places or not call.unfinished, timeout_s=None
        )
        place = self._places.get(item.input_id)
        if place is not None:
            return place
        output = call.outputs.get(item.idx)
        raise call_error(output.result) if output is not None else CallFailed("no answer")


class Requests:
    """Requests that wait for, or are in, containers that listen."""

    def __init__(self, ground: RequestsGround) -> None:
        self._ground = ground
        self._places: dict[str, Container] = {}

    def listens(self, function_id: str) -> bool:
        """Whether a function's containers listen themselves. Raises NotFound."""
        return self._ground.pools.find(function_id).function.definition.is_server

    @asynccontextmanager
    async def lease(self, function_id: str) -> AsyncIterator[Lease]:
        """A place for one request while the block runs. Raises NotFound, QueueFull."""
        ground = self._ground
        pool = ground.pools.find(function_id)
        refuse_overflow(pool, 1, MOST_QUEUED_WEB)
        call = ground.ledger.open(
            function_id,
            kind=api_pb2.FUNCTION_CALL_TYPE_UNARY,
            invocation=api_pb2.FUNCTION_CALL_INVOCATION_TYPE_SYNC,
            is_web=True,
        )
        item = ground.ledger.add_input(call, 0, api_pb2.FunctionInput())
        pool.add(item)
        ground.wake(pool)
        try:
            yield Lease(item, self._places)
        finally:
            self._close(item)

    def ready(self, task_id: str) -> None:
        """The container has entered: what it has started listens, or is about to."""
        placed = self._ground.placed.get(task_id)
        if placed is not None:
            self._ground.tasks.create_task(self._attend(placed.pool, placed.container))

    async def _attend(self, pool: Pool, container: Container) -> None:
        try:
            await self._serve(pool, container)
        except Exception:
            log.exception("requests to container %s broke", container.task_id)
            container.stop(reason="could not be asked any more; see the log of the local Modal")

    async def _serve(self, pool: Pool, container: Container) -> None:
        """Ask for requests in a container's stead, until it is to end."""
        definition = container.task.function.definition
        if not await _listening(container, definition.http_config.port):
            return
        pool.is_warming = False
        while await self._take(pool, container):
            await container.rested.wait_until(
                lambda: (
                    len(container.running) < pool.bounds.max_inputs or not container.takes_inputs
                ),
                timeout_s=None,
            )
        in_flight_s = definition.http_config.exit_grace_period or _IN_FLIGHT_S
        await container.rested.wait_until(
            lambda: not container.running or container.gone.is_set(), timeout_s=in_flight_s
        )
        if not container.gone.is_set():
            container.stop(grace_s=EXIT_GRACE_S)

    async def _take(self, pool: Pool, container: Container) -> bool:
        """Wait for one request; False when there will be no more."""
        if container.gone.is_set():
            return False
        poll = pool.park(container, batch_size=1, linger_s=0)
        self._ground.wake(pool)
        batch = await poll.answer
        for item in batch or ():
            self._places[item.input_id] = container
            item.call.changed.ring()
        return batch is not None

    def _close(self, item: Input) -> None:
        """The request is over, wherever it is."""
        ground = self._ground
        place = self._places.pop(item.input_id, None)
        pool = ground.pools.holding(item)
        if pool is None or item.state is InputState.DONE:
            return
        if place is None or item.state is not InputState.RUNNING:
            ground.attempts.cancel(pool, item, cancelled())
            return
        output = api_pb2.FunctionPutOutputsItem(input_id=item.input_id, retry_count=item.attempt)
        output.result.status = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS
        ground.attempts.end(pool, place, output)


async def dial(container: Container, port: int) -> socket.socket:
    """Raises OSError."""
    if container.process is None:
        raise ConnectionRefusedError("the container has no process")
    return await container.process.dial(port)


async def _listening(container: Container, port: int) -> bool:
    """Wait until the container accepts connections; its start has a deadline of its own."""
    while not container.gone.is_set() and container.state == "starting":
        try:
            (await dial(container, port)).close()
        except OSError:
            await asyncio.sleep(_LOOK_EVERY_S)  # nothing tells when a program listens
        else:
            return True
    return False
