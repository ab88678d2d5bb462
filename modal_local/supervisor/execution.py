"""Execution as one thing: pools and their reconciler, callers on one side, containers on the other.

async with LocalExecution(ports) as execution:
    await execution.app_published("ap-1", recreate=False)
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final, Self

from modal_proto import api_pb2

from modal_local.calls.call import Input
from modal_local.calls.ledger import Ledger
from modal_local.errors import NotFound
from modal_local.model import Catalog, ContainerFacts, ContainerRuntime, LiveFunction, LogSink
from modal_local.supervisor.attempts import Attempts
from modal_local.supervisor.calling import Calling, Pools
from modal_local.supervisor.container import EXIT_GRACE_S, STOP_GRACE_S
from modal_local.supervisor.pool import Pool
from modal_local.supervisor.reconciler import Ground, Placed, Reconciler
from modal_local.supervisor.requests import Requests, RequestsGround
from modal_local.supervisor.serving import Serving
from modal_local.supervisor.web_call import BlobReader, ContainerWebCall

log = logging.getLogger(__name__)
_CLOSE_GRACE_S: Final = 5.0
_REAPED_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Room:
    """How many containers this machine bears."""

    per_function: int = field(default_factory=lambda: max(4, 2 * (os.cpu_count() or 1)))
    """For a function that sets no maximum of its own."""
    in_all: int = field(default_factory=lambda: max(32, 16 * (os.cpu_count() or 1)))


@dataclass(frozen=True, slots=True)
class Ports:
    """What execution needs of the other rooms."""

    catalog: Catalog
    runtime: ContainerRuntime
    logs: LogSink
    blobs: BlobReader


class LocalExecution:
    """Calls, queues and containers of this machine, while it is entered."""

    def __init__(self, ports: Ports, room: Room | None = None) -> None:
        self._ports = ports
        self._room = room or Room()
        self._stack = AsyncExitStack()
        self._pools: dict[str, Pool] = {}
        self._placed: dict[str, Placed] = {}
        self.ledger = Ledger()
        self._reconciler: Reconciler
        self._attempts: Attempts
        self.calling: Calling
        """What callers ask."""
        self.serving: Serving
        """What containers ask."""
        self.requests: Requests
        """What visitors ask of containers that listen themselves."""

    async def __aenter__(self) -> Self:
        tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        ground = Ground(self._ports.runtime, self._ports.logs, tasks, self._room.in_all)
        self._reconciler = Reconciler(ground, self._placed, self._forget)
        wake = self._reconciler.wake
        self._attempts = Attempts(self.ledger, wake)
        self._reconciler.attempts = self._attempts
        pools = Pools(find=self._pool, holding=self._holding)
        self.calling = Calling(self.ledger, self._attempts, pools, wake)
        self.serving = Serving(self._placed, self._attempts, wake)
        requests = RequestsGround(self.ledger, self._attempts, pools, self._placed, wake, tasks)
        self.requests = Requests(requests)
        return self

    async def __aexit__(self, *failed: object) -> None:
        self._reconciler.is_closing = True
        reason = "the local Modal was stopped"
        pools = {*self._pools.values(), *(placed.pool for placed in self._placed.values())}
        await self._end(pools, reason, grace_s=_CLOSE_GRACE_S)
        await self._stack.aclose()

    def resume(self) -> None:
        """Start the containers that deployed apps keep warm. Called once, when RPCs are served."""
        self._warm(self._ports.catalog.live_functions())

    async def app_published(self, app_id: str, *, recreate: bool) -> None:
        """A version became live: new inputs go to it at once, older containers drain."""
        for pool in self._pools_of(app_id):
            try:
                function = self._ports.catalog.live(pool.function_id)
            except NotFound:
                self._abandon(pool)
                continue
            had_live = bool(pool.serving)
            if pool.serve(function):
                pool.is_warming = had_live
                self._retire(pool, at_once=recreate)
            self._reconciler.wake(pool)
        self._warm(self._ports.catalog.live_functions(app_id))

    async def app_stopped(self, app_id: str) -> None:
        """Fail what is queued, stop all containers; returns when no process is left."""
        pools = self._pools_of(app_id)
        for pool in pools:
            del self._pools[pool.function_id]
        leaving = {placed.pool for placed in self._placed.values() if _belongs(placed, app_id)}
        await self._end({*pools, *leaving}, "the app was stopped", grace_s=STOP_GRACE_S)

    def autoscaler_changed(self, function_id: str) -> None:
        """Bounds were set by a caller; scale to them now."""
        pool = self._pool(function_id)
        pool.serve(self._ports.catalog.live(function_id))
        self._reconciler.wake(pool)

    def containers(self, app_id: str | None = None) -> Sequence[ContainerFacts]:
        """Running containers, oldest first."""
        facts = [
            placed.container.facts()
            for placed in self._placed.values()
            if app_id is None or _belongs(placed, app_id)
        ]
        return sorted(facts, key=lambda fact: fact.started_at)

    async def stop_container(self, task_id: str, *, grace_s: float = STOP_GRACE_S) -> None:
        """Stop one container; its inputs go back to the queue. Raises NotFound."""
        placed = self._placed.get(task_id)
        if placed is None:
            raise NotFound(f"container {task_id} does not exist, or has ended")
        placed.container.stop(grace_s=grace_s)
        self._reconciler.wake(placed.pool)
        await placed.container.gone.wait()

    async def preempt_container(self, task_id: str) -> None:
        """Take a container away as Modal does: a warning, 30 s, and its inputs run elsewhere."""
        await self.stop_container(task_id, grace_s=EXIT_GRACE_S)

    async def kill_container(self, task_id: str) -> None:
        """SIGKILL, as when a machine fails. Raises NotFound."""
        placed = self._placed.get(task_id)
        if placed is None or placed.container.process is None:
            raise NotFound(f"container {task_id} does not exist, or has no process")
        placed.container.process.kill()
        await placed.container.gone.wait()

    def backlog(self, function_id: str) -> int:
        """Inputs that wait for a container."""
        pool = self._pools.get(function_id)
        return len(pool.queue) + len(pool.waiting) if pool is not None else 0

    def stats(self, function_id: str) -> api_pb2.FunctionStats:
        """Inputs and containers of a function now. Raises NotFound."""
        pool = self._pool(function_id)
        serving = pool.serving
        slots = len(serving) * pool.bounds.max_inputs * pool.bounds.batch_size
        running = pool.running_inputs
        self._reconciler.wake(pool)
        return api_pb2.FunctionStats(
            backlog=self.backlog(function_id),
            num_total_tasks=len(pool.containers),
            num_running_inputs=running,
            input_headroom=max(slots - pool.load.running, 0),
        )

    async def open_web_call(
        self, function_id: str, *, method_name: str, scope: Mapping[str, Any]
    ) -> ContainerWebCall:
        """Queue one web input. Raises NotFound, CallFailed (queue full, crash loop)."""
        return self.calling.open_web(function_id, method_name, scope, self._ports.blobs)

    def _pool(self, function_id: str) -> Pool:
        """The pool of a live function, made when it is asked for. Raises NotFound."""
        pool = self._pools.get(function_id)
        if pool is None:
            function = self._ports.catalog.live(function_id)
            pool = Pool(function, default_max_containers=self._room.per_function)
            self._pools[function_id] = pool
        return pool

    def _holding(self, item: Input) -> Pool | None:
        """The pool that has this input; a closed one, too, while its containers live."""
        placed = self._placed.get(item.task_id)
        return placed.pool if placed is not None else self._pools.get(item.call.function_id)

    def _pools_of(self, app_id: str) -> list[Pool]:
        return [pool for pool in self._pools.values() if pool.function.app_id == app_id]

    def _forget(self, pool: Pool) -> None:
        """Nothing is left in this pool; it comes back with its next input."""
        if self._pools.get(pool.function_id) is pool:
            del self._pools[pool.function_id]

    def _warm(self, functions: Iterable[LiveFunction]) -> None:
        """Start the containers that are wanted without any input."""
        for function in functions:
            if function.autoscaler.min_containers and not _needs_parameters(function):
                self._reconciler.wake(self._pool(function.function_id))

    def _retire(self, pool: Pool, *, at_once: bool) -> None:
        """Containers of older versions are to end."""
        for container in list(pool.containers.values()):
            if container.task.function.pool_id != pool.function.pool_id:
                if at_once:
                    container.stop()
                else:
                    container.drain()

    def _abandon(self, pool: Pool) -> None:
        """The new version of the app has this function no more."""
        self._forget(pool)
        pool.close("it is not in the app's new version")
        for container in list(pool.containers.values()):
            container.drain()
        self._reconciler.wake(pool)

    async def _end(self, pools: Iterable[Pool], reason: str, *, grace_s: float) -> None:
        """Answer everybody and end every container of these pools."""
        gone = []
        for pool in pools:
            pool.close(reason)
            for container in list(pool.containers.values()):
                container.stop(grace_s=grace_s)
                gone.append(container.gone)
            self._attempts.refuse_all(pool)
        try:
            async with asyncio.timeout(grace_s + _REAPED_S):
                for event in gone:
                    await event.wait()
        except TimeoutError:
            log.error("%d containers did not end", sum(not event.is_set() for event in gone))  # noqa: TRY400 - the deadline's own traceback says nothing


def _belongs(placed: Placed, app_id: str) -> bool:
    return placed.container.task.function.app_id == app_id


def _needs_parameters(function: LiveFunction) -> bool:
    """Whether a class cannot be made without arguments."""
    schema = function.definition.class_parameter_info.schema
    return not function.serialized_params and any(not spec.has_default for spec in schema)
