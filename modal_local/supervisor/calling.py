"""What callers ask: make calls, add inputs, fetch outputs, cancel."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from modal_proto import api_pb2

from modal_local.calls.call import Call, Input
from modal_local.calls.ledger import Ledger, OutputPage, OutputQuery
from modal_local.errors import NotFound, QueueFull
from modal_local.supervisor.attempts import Attempts, cancelled
from modal_local.supervisor.container import STOP_GRACE_S
from modal_local.supervisor.pool import Pool
from modal_local.supervisor.web_call import BlobReader, ContainerWebCall

MOST_QUEUED: Final = 25_000
MOST_QUEUED_WEB: Final = 2_000


@dataclass(frozen=True, slots=True)
class Pools:
    """How callers get to pools."""

    find: Callable[[str], Pool]
    """The pool of a live function. Raises NotFound."""
    holding: Callable[[Input], Pool | None]
    """The pool that has an input."""


class Calling:
    """The callers' side of execution."""

    def __init__(
        self,
        ledger: Ledger,
        attempts: Attempts,
        pools: Pools,
        wake: Callable[[Pool], None],
    ) -> None:
        self._ledger = ledger
        self._attempts = attempts
        self._pool = pools.find
        self._holding = pools.holding
        self._wake = wake

    def open(self, request: api_pb2.FunctionMapRequest) -> tuple[Call, Sequence[Input]]:
        """Make a call with the inputs that came along. Raises NotFound, QueueFull."""
        pool = self._pool(request.function_id)
        refuse_overflow(pool, len(request.pipelined_inputs), MOST_QUEUED)
        call = self._ledger.open(
            request.function_id,
            kind=request.function_call_type,
            invocation=request.function_call_invocation_type,
            parent_input_id=request.parent_input_id,
        )
        _name(call, pool)
        return call, self._add(pool, call, request.pipelined_inputs)

    def put(self, call_id: str, items: Sequence[api_pb2.FunctionPutInputsItem]) -> Sequence[Input]:
        """More inputs of a map. Raises NotFound, QueueFull."""
        call = self._ledger.find(call_id)
        pool = self._pool(call.function_id)
        refuse_overflow(pool, len(items), MOST_QUEUED)
        return self._add(pool, call, items)

    def retry(self, call_id: str, items: Sequence[api_pb2.FunctionRetryInputsItem]) -> None:
        """A caller that retries by itself gives failed inputs again. Raises NotFound."""
        call = self._ledger.find(call_id)
        pool = self._pool(call.function_id)
        for given in items:
            item = self._ledger.reopen(call, given.input, given.input_jwt)
            if item is None:
                raise NotFound(f"input {given.input_jwt} of {call_id} does not exist")
            item.attempt = given.retry_count
            pool.add(item)
        self._wake(pool)

    async def outputs(self, call: Call, query: OutputQuery) -> OutputPage:
        """Wait for outputs."""
        return await self._ledger.outputs(call, query)

    def clear(self, call: Call) -> None:
        """The caller has got what it wanted."""
        self._ledger.clear(call)

    def find(self, call_id: str) -> Call:
        """Raises NotFound."""
        return self._ledger.find(call_id)

    def calls_of(self, function_id: str) -> list[Call]:
        """Known calls of a function."""
        return self._ledger.calls_of(function_id)

    def cancel(self, call: Call, *, terminate_containers: bool = False) -> None:
        """End all inputs of a call; what else ran in terminated containers runs again."""
        for item in list(call.unfinished.values()):
            pool = self._holding(item)
            if pool is None:
                self._attempts.finish(item, cancelled())
                continue
            container = self._attempts.cancel(pool, item, cancelled())
            if terminate_containers and container is not None:
                container.stop(grace_s=STOP_GRACE_S)

    def open_web(
        self, function_id: str, method_name: str, scope: Mapping[str, Any], blobs: BlobReader
    ) -> ContainerWebCall:
        """Queue one web request. Raises NotFound, QueueFull."""
        pool = self._pool(function_id)
        refuse_overflow(pool, 1, MOST_QUEUED_WEB)
        call = self._ledger.open(
            function_id,
            kind=api_pb2.FUNCTION_CALL_TYPE_UNARY,
            invocation=api_pb2.FUNCTION_CALL_INVOCATION_TYPE_SYNC,
            is_web=True,
        )
        _name(call, pool)
        message = api_pb2.FunctionInput(
            args=pickle.dumps(((dict(scope),), {})), data_format=api_pb2.DATA_FORMAT_PICKLE
        )
        if method_name:
            message.method_name = method_name
        web_call = ContainerWebCall(call, blobs, self.cancel)
        self._add(pool, call, [api_pb2.FunctionPutInputsItem(input=message)])
        return web_call

    def _add(
        self, pool: Pool, call: Call, items: Sequence[api_pb2.FunctionPutInputsItem]
    ) -> Sequence[Input]:
        inputs = [self._ledger.add_input(call, item.idx, item.input) for item in items]
        for item in inputs:
            pool.add(item)
        if inputs:
            self._wake(pool)
        return inputs


def _name(call: Call, pool: Pool) -> None:
    """Say in the call what it calls: the pool may have another version when it is looked at."""
    call.app_id = pool.function.app_id
    call.module_name = pool.function.definition.module_name
    call.function_name = pool.function.tag


def refuse_overflow(pool: Pool, more: int, limit: int) -> None:
    """Raises QueueFull where more inputs would be too many."""
    waiting = len(pool.queue) + len(pool.waiting)
    if waiting + more > limit:
        raise QueueFull(
            f"{waiting} inputs wait for {pool.function.tag} of app {pool.function.app_name} "
            f"already; {limit} is the most"
        )
