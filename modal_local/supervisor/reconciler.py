"""Keeps each pool at what scheduling wants; woken by events and its own timers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from modal_local.errors import LocalModalError
from modal_local.model import ContainerRuntime, LogSink
from modal_local.scheduling.scaling import scale
from modal_local.supervisor.attempts import Attempts
from modal_local.supervisor.container import Container
from modal_local.supervisor.outcomes import ending, start_failure
from modal_local.supervisor.pool import Pool

log = logging.getLogger(__name__)
_LAST_LINES: Final = 20
_SYSTEM: Final = 3


@dataclass(frozen=True, slots=True)
class Ground:
    """What containers stand on."""

    runtime: ContainerRuntime
    logs: LogSink
    tasks: asyncio.TaskGroup
    max_containers: int
    """On this machine, over all functions; each function may always have one."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A container and where it belongs."""

    pool: Pool
    container: Container


class Reconciler:
    """Starts, retires and buries containers."""

    def __init__(
        self, ground: Ground, placed: dict[str, Placed], forget: Callable[[Pool], None]
    ) -> None:
        self._ground = ground
        self._placed = placed
        self._forget = forget
        self._woken: set[Pool] = set()
        self._starved: set[Pool] = set()
        self.attempts: Attempts
        self.is_closing = False

    def wake(self, pool: Pool) -> None:
        """Look at this pool, soon and once."""
        if pool not in self._woken:
            self._woken.add(pool)
            asyncio.get_running_loop().call_soon(self._look, pool)

    def _look(self, pool: Pool) -> None:
        self._woken.discard(pool)
        if pool.timer is not None:
            pool.timer.cancel()
            pool.timer = None
        given, due = pool.dispatch()
        for container, batch in given:
            self.attempts.begin(pool, container, batch)
        again = [due, self._scale(pool)]
        times = [moment for moment in again if moment is not None]
        if times:
            delay_s = max(min(times) - time.monotonic(), 0.0)
            pool.timer = asyncio.get_running_loop().call_later(delay_s, self.wake, pool)
        elif pool.is_idle:
            self._forget(pool)

    def _scale(self, pool: Pool) -> float | None:
        """Start and retire; when to look again."""
        if self.is_closing or pool.closed_because:
            self.attempts.refuse_queued(pool)
            return None
        now = time.monotonic()
        serving = pool.serving
        change = scale(
            pool.load,
            pool.bounds,
            [container.standing for container in serving],
            now=now,
            floor=int(pool.is_warming),
        )
        for task_id in change.stop:
            pool.containers[task_id].drain()
        starts = pool.history.allowed_starts(change.start, pool.starting, now)
        room = max(self._ground.max_containers - len(self._placed), 0 if pool.containers else 1)
        for _ in range(min(starts, room)):
            self._start(pool)
        if starts > room:
            self._starved.add(pool)
        if change.start > starts and not pool.starting:
            return pool.history.next_start_at
        return change.look_again_at

    def _start(self, pool: Pool) -> None:
        container = Container(pool.function)
        pool.containers[container.task_id] = container
        self._placed[container.task_id] = Placed(pool, container)
        container.life = self._ground.tasks.create_task(
            self._live(pool, container), name=container.task_id
        )

    async def _live(self, pool: Pool, container: Container) -> None:
        """One container, from start to burial."""
        told = "could not be started; see the log of the local Modal"
        try:
            told = await self._run(pool, container)
        except LocalModalError as error:
            told = f"could not be started: {error}"
        except Exception:
            log.exception("container %s broke", container.task_id)
        finally:
            if container.process is not None:
                container.process.kill()
            self._bury(pool, container, told)

    async def _run(self, pool: Pool, container: Container) -> str:
        container.limit_start(
            pool.clocks.startup_timeout_s, lambda: self._start_expired(pool, container)
        )
        process = await self._ground.runtime.start(container.task)
        container.process = process
        if container.state == "stopping":
            process.kill()
        return ending(await process.wait())

    def _start_expired(self, pool: Pool, container: Container) -> None:
        limit = pool.clocks.startup_timeout_s
        container.stop(grace_s=0, reason=f"did not become ready within {limit:g}s")

    def _bury(self, pool: Pool, container: Container, message: str) -> None:
        """What it had goes on elsewhere; a start that failed is counted."""
        told = container.reason or message
        was_told = container.state in {"draining", "stopping"} and not container.reason
        failed = not (was_told or container.completed or container.running)
        pool.containers.pop(container.task_id, None)
        self._placed.pop(container.task_id, None)
        lines = self._last_lines(container) if container.running else []
        self.attempts.lose(pool, container, told, lines)
        container.end()
        if failed and container.task.function.pool_id == pool.function.pool_id:
            self._start_failed(pool, container, told)
        if not was_told:
            self._tell(container, told)
        for other in (pool, *self._starved):
            self.wake(other)
        self._starved.clear()

    def _start_failed(self, pool: Pool, container: Container, told: str) -> None:
        pool.history = pool.history.failed(time.monotonic())
        if not (pool.history.has_given_up or container.reason):
            return
        pool.is_warming = False
        message = f"The containers of {pool.function.tag} do not start: the last one {told}"
        lines = self._last_lines(container)
        self.attempts.fail_queued(pool, start_failure(message, container.report, lines))

    def _tell(self, container: Container, told: str) -> None:
        """Say in the app's log that a container ended by itself."""
        function = container.task.function
        log.info("container %s of %s %s", container.task_id, function.tag, told)
        self._ground.logs.append(
            function.app_id,
            function_id=function.function_id,
            task_id=container.task_id,
            descriptor=_SYSTEM,
            text=f"The container {told}\n",
        )

    def _last_lines(self, container: Container) -> list[str]:
        app_id = container.task.function.app_id
        return list(self._ground.logs.tail(app_id, task_id=container.task_id, lines=_LAST_LINES))
