"""The containers of one function, the inputs that wait for them, and who gets which."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from modal_local.calls.call import Input
from modal_local.calls.queue import InputQueue
from modal_local.model import LiveFunction
from modal_local.scheduling.backoff import StartHistory
from modal_local.scheduling.bounds import Bounds, Clocks, bounds_of, clocks_of
from modal_local.scheduling.scaling import Load
from modal_local.supervisor.container import Container, Poll


class Pool:
    """Callers know one function; its containers may be of several versions, one serves."""

    def __init__(self, function: LiveFunction, *, default_max_containers: int) -> None:
        self._default_max_containers = default_max_containers
        self.queue = InputQueue()
        self.containers: dict[str, Container] = {}
        self.waiting: set[Input] = set()
        """Inputs in the delay before a retry."""
        self.history = StartHistory()
        self.is_warming = False
        """One container is wanted whatever the load: a new version took over a live one."""
        self.closed_because = ""
        self.timer: asyncio.TimerHandle | None = None
        self.function = function
        self.bounds: Bounds
        self.clocks: Clocks
        self.serve(function)

    @property
    def function_id(self) -> str:
        """What callers call."""
        return self.function.function_id

    @property
    def serving(self) -> list[Container]:
        """Containers that take inputs, or will when they are ready."""
        return [container for container in self.containers.values() if container.takes_inputs]

    @property
    def starting(self) -> int:
        """Containers of the version that serves, on their way."""
        return sum(container.state == "starting" for container in self.containers.values())

    @property
    def running_inputs(self) -> int:
        """Inputs in containers, drained ones included."""
        return sum(len(container.running) for container in self.containers.values())

    @property
    def load(self) -> Load:
        """What scaling looks at."""
        running = sum(len(container.running) for container in self.serving)
        return Load(queued=len(self.queue), running=running)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left that this pool would have to remember."""
        return (
            not (
                self.queue
                or self.waiting
                or self.containers
                or self.is_warming
                or self.history.failures
            )
            and not self.bounds.min_containers
        )

    def serve(self, function: LiveFunction) -> bool:
        """Take over a version or its bounds; whether the version changed."""
        changed = function.pool_id != self.function.pool_id
        self.function = function
        self.bounds = bounds_of(
            function.definition,
            function.autoscaler,
            default_max_containers=self._default_max_containers,
        )
        self.clocks = clocks_of(function.definition)
        if changed:
            self.history = StartHistory()
        return changed

    def close(self, reason: str) -> None:
        """No container is started any more; what waits is refused."""
        self.closed_because = reason
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def add(self, item: Input, *, front: bool = False) -> None:
        """An input waits for a container."""
        self.queue.push(item, now=time.monotonic(), front=front)

    def dispatch(self) -> tuple[list[tuple[Container, Sequence[Input]]], float | None]:
        """Give waiting inputs to polling containers.

        Returns who got what, and when a batch that still fills is to be given out.
        """
        given = []
        due: float | None = None
        for container in self._polling():
            if not self.queue:
                break
            batch, due = self._batch(container)
            if not batch:
                break
            self._give(container, batch)
            given.append((container, batch))
        return given, due

    def _polling(self) -> list[Container]:
        """The least busy first; among idle ones that which worked last, so that others can go."""
        polling = [
            container
            for container in self.containers.values()
            if container.poll is not None
            and not container.poll.answer.done()  # one that broke off is cancelled
            and container.state == "ready"
            and not container.may_be_stuck
        ]
        return sorted(polling, key=lambda c: (len(c.running), -(c.idle_since or 0.0)))

    def _batch(self, container: Container) -> tuple[Sequence[Input], float | None]:
        poll = container.poll
        head = self.queue.head
        if poll is None or head is None:
            return [], None
        batch = self.queue.peek(poll.batch_size)
        due = head.queued_at + poll.linger_s
        if len(batch) < poll.batch_size and time.monotonic() < due:
            return [], due
        return batch, None

    def _give(self, container: Container, batch: Sequence[Input]) -> None:
        poll = container.poll
        if poll is None:
            return
        for item in batch:
            self.queue.remove(item)
        container.accept(batch)
        container.poll = None
        if self.function.definition.single_use_containers:
            container.state = "draining"
        poll.answer.set_result(batch)

    def park(self, container: Container, *, batch_size: int, linger_s: float) -> Poll:
        """A container asks for inputs."""
        answer: asyncio.Future[Sequence[Input] | None]
        answer = asyncio.get_running_loop().create_future()
        poll = Poll(max(batch_size, 1), linger_s, answer)
        container.become_ready()
        container.poll = poll
        if not container.takes_inputs:
            container.dismiss()
        return poll
