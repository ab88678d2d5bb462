"""What containers ask: inputs, cancellations, a place for outputs and data."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from modal_proto import api_pb2

from modal_local.calls.call import Call, Input
from modal_local.errors import NotFound
from modal_local.model import LogSink
from modal_local.scheduling.scaling import input_concurrency
from modal_local.supervisor.attempts import Attempts
from modal_local.supervisor.container import Container
from modal_local.supervisor.pool import Pool
from modal_local.supervisor.reconciler import Placed
from modal_local.supervisor.web_call import UNREAD_BYTES

_SYSTEM: Final = 3


class Serving:
    """The containers' side of execution. Every method raises NotFound for a task that is gone."""

    def __init__(
        self,
        placed: Mapping[str, Placed],
        attempts: Attempts,
        wake: Callable[[Pool], None],
    ) -> None:
        self._placed = placed
        self._attempts = attempts
        self._wake = wake

    def accepts(self, task_id: str, secret: str) -> bool:
        """Whether this secret proves to be that running container."""
        try:
            _, container = self._find(task_id)
        except NotFound:
            return False
        return hmac.compare_digest(container.task.secret.encode(), secret.encode())

    @asynccontextmanager
    async def inputs(
        self, task_id: str, *, batch_size: int, linger_s: float
    ) -> AsyncIterator[Sequence[Input] | None]:
        """Wait for inputs; None is the kill switch. Given back when they cannot be delivered."""
        pool, container = self._find(task_id)
        pool.is_warming = False
        poll = pool.park(container, batch_size=batch_size, linger_s=linger_s)
        self._wake(pool)
        delivered = False
        try:
            batch = await poll.answer
            yield batch
            delivered = True
        finally:
            if container.poll is poll:
                container.poll = None
            if not delivered:
                self._undo(pool, container, poll.answer)

    def put_outputs(self, task_id: str, outputs: Iterable[api_pb2.FunctionPutOutputsItem]) -> None:
        """Take results over."""
        pool, container = self._find(task_id)
        for output in outputs:
            self._attempts.end(pool, container, output)

    async def cancellations(self, task_id: str, *, timeout_s: float) -> list[str]:
        """Wait for inputs that the container is to cancel."""
        _, container = self._find(task_id)
        return await container.cancellations(timeout_s)

    def report(self, task_id: str, result: api_pb2.GenericResult) -> None:
        """The container says why it cannot start."""
        _, container = self._find(task_id)
        container.report = result

    def call(self, task_id: str, call_id: str) -> Call:
        """A call of which this container has an input. Raises NotFound."""
        _, container = self._find(task_id)
        for item in container.running.values():
            if item.call.call_id == call_id:
                return item.call
        raise NotFound(f"container {task_id} has no input of {call_id}")

    async def put_data(
        self, task_id: str, call_id: str, chunks: Sequence[api_pb2.DataChunk]
    ) -> None:
        """Take a piece of an answer; waits while a web client is far behind."""
        call = self.call(task_id, call_id)
        call.data_out.put(chunks)
        if call.is_web:
            await call.data_out.writable(UNREAD_BYTES)

    def current_inputs(self, task_id: str) -> list[str]:
        """Ids of the inputs the container has."""
        _, container = self._find(task_id)
        return list(container.running)

    def concurrency(self, task_id: str) -> int:
        """How many inputs the container should take at once."""
        pool, _ = self._find(task_id)
        return input_concurrency(pool.load, pool.bounds)

    def drain(self, task_id: str) -> None:
        """The container asks for nothing more; what it has it finishes."""
        pool, container = self._find(task_id)
        container.drain()
        self._wake(pool)

    def log(self, task_id: str, sink: LogSink, lines: Iterable[tuple[int, str]]) -> None:
        """Keep lines that the container sends itself."""
        _, container = self._find(task_id)
        function = container.task.function
        for descriptor, text in lines:
            sink.append(
                function.app_id,
                function_id=function.function_id,
                task_id=task_id,
                descriptor=descriptor or _SYSTEM,
                text=text,
            )

    def _undo(
        self,
        pool: Pool,
        container: Container,
        answer: asyncio.Future[Sequence[Input] | None],
    ) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            given = answer.result() if answer.done() else None
            mine = [item for item in given or () if item.input_id in container.running]
            self._attempts.give_back(pool, container, mine)

    def _find(self, task_id: str) -> tuple[Pool, Container]:
        placed = self._placed.get(task_id)
        if placed is not None:
            return placed.pool, placed.container
        raise NotFound(f"container {task_id} does not exist any more")
