"""The ledger of function calls: what was asked, what is answered, who still waits.

Kept in memory: a restart of the local Modal ends every call.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from modal_proto import api_pb2

from modal_local.calls.call import Call, Input, InputState
from modal_local.calls.retention import Cap, Retention
from modal_local.errors import NotFound

SPAWNED: Final = Cap(calls=10_000, size=256 * 1024**2, age_s=7 * 24 * 3600.0)
WAITED_FOR: Final = Cap(calls=1_000, size=64 * 1024**2, age_s=600.0)
MOST_OUTPUTS: Final = 100
_MOST_BYTES: Final = 32 * 1024**2


@dataclass(frozen=True, slots=True)
class OutputQuery:
    """Which outputs a caller asks for."""

    start_idx: int | None = None
    end_idx: int | None = None
    position: int = 0
    """How many of the outputs, as they came, the caller has seen."""
    max_values: int = 0
    timeout_s: float = 0.0


@dataclass(frozen=True, slots=True)
class OutputPage:
    """Some outputs of a call."""

    items: Sequence[api_pb2.FunctionGetOutputsItem]
    position: int
    unfinished: int


class Ledger:
    """All calls that are known."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._calls: dict[str, Call] = {}
        self._spawned = Retention(SPAWNED)
        self._waited_for = Retention(WAITED_FOR)

    def __len__(self) -> int:
        return len(self._calls)

    def open(
        self,
        function_id: str,
        *,
        kind: api_pb2.FunctionCallType.ValueType,
        invocation: api_pb2.FunctionCallInvocationType.ValueType,
        parent_input_id: str = "",
        is_web: bool = False,
    ) -> Call:
        """A new call without inputs."""
        call = Call(
            call_id=new_id("fc"),
            function_id=function_id,
            kind=kind,
            invocation=invocation,
            parent_input_id=parent_input_id,
            is_web=is_web,
            created_at=self._clock(),
        )
        self._calls[call.call_id] = call
        if kind == api_pb2.FUNCTION_CALL_TYPE_MAP:
            self._keep(call)  # a map without inputs is finished, too
        return call

    def add_input(self, call: Call, idx: int, message: api_pb2.FunctionInput) -> Input:
        """One more input of a call."""
        item = Input(input_id=new_id("in"), idx=idx, call=call, message=message)
        call.unfinished[item.input_id] = item
        call.total_inputs += 1
        self._retention(call).drop(call.call_id)
        return item

    def find(self, call_id: str) -> Call:
        """Raises NotFound for a call that never was, was fetched, or has expired."""
        call = self._calls.get(call_id)
        if call is None:
            raise NotFound(f"function call {call_id} does not exist, or its results have expired")
        self._retention(call).touch(call_id, self._clock())
        return call

    def calls_of(self, function_id: str) -> list[Call]:
        """Known calls of one function, oldest first; not those of web requests."""
        return [
            call
            for call in self._calls.values()
            if call.function_id == function_id and not call.is_web
        ]

    def finish(self, item: Input, output: api_pb2.FunctionGetOutputsItem) -> None:
        """An input has its output; the caller is woken."""
        call = item.call
        if call.unfinished.pop(item.input_id, None) is None:
            return
        item.state = InputState.DONE
        item.stop_timer()
        item.forget_message()
        call.outputs[item.idx] = output
        call.order.append(item.idx)
        if output.data_format == api_pb2.DATA_FORMAT_GENERATOR_DONE:
            call.expect_reader()
        if not call.unfinished:
            call.close_channels()
            self._keep(call)
        call.changed.ring()

    def reopen(self, call: Call, item: api_pb2.FunctionInput, input_id: str) -> Input | None:
        """Make a finished input wait again, at its caller's wish; None when it never was."""
        idx = next((i for i, o in call.outputs.items() if o.input_id == input_id), None)
        if idx is None:
            return None
        del call.outputs[idx]
        again = Input(input_id=input_id, idx=idx, call=call, message=item)
        call.unfinished[input_id] = again
        call.reopen_channels()
        self._retention(call).drop(call.call_id)
        return again

    async def outputs(self, call: Call, query: OutputQuery) -> OutputPage:
        """Wait for outputs; an empty page when time is up."""
        await call.changed.wait_until(
            lambda: bool(_matching(call, query, limit=1)), timeout_s=query.timeout_s
        )
        if call.is_waited_for and query.start_idx is None:
            _drop_seen(call, query.position)
        limit = min(query.max_values or MOST_OUTPUTS, MOST_OUTPUTS)
        chosen = _within_size(_matching(call, query, limit=limit))
        return OutputPage(
            items=[item for _, item in chosen],
            position=max([query.position, *(place for place, _ in chosen)]),
            unfinished=len(call.unfinished),
        )

    def clear(self, call: Call) -> None:
        """The caller has all it wants; what streams stays for its readers a while."""
        if call.unfinished:
            return
        if call.streams and not call.is_web:
            self._keep(call)
            return
        self._forget(call.call_id)

    def _keep(self, call: Call) -> None:
        if call.is_web:
            self._forget(call.call_id)
            return
        retention = self._retention(call)
        for call_id in retention.keep(call.call_id, size=call.size, now=self._clock()):
            self._forget(call_id)

    def _forget(self, call_id: str) -> None:
        call = self._calls.pop(call_id, None)
        if call is not None:
            self._retention(call).drop(call_id)

    def _retention(self, call: Call) -> Retention:
        return self._waited_for if call.is_waited_for else self._spawned


def new_id(prefix: str) -> str:
    """An id in the style of Modal's."""
    return f"{prefix}-{secrets.token_hex(11)}"


def _matching(
    call: Call, query: OutputQuery, limit: int
) -> list[tuple[int, api_pb2.FunctionGetOutputsItem]]:
    """Outputs with their positions. By index the position is not a cursor and stays."""
    if query.start_idx is not None:
        end = query.end_idx if query.end_idx is not None else query.start_idx
        span = range(query.start_idx, min(end, query.start_idx + MOST_OUTPUTS) + 1)
        found = [(query.position, call.outputs[idx]) for idx in span if idx in call.outputs]
        return found[:limit]
    found = []
    for place in range(query.position, len(call.order)):
        item = call.outputs.get(call.order[place])
        if item is not None:
            found.append((place + 1, item))
        if len(found) >= limit:
            break
    return found


def _drop_seen(call: Call, position: int) -> None:
    """A waiting caller that has moved its cursor needs nothing behind it."""
    for place in range(min(position, len(call.order)) - 1, -1, -1):
        if call.outputs.pop(call.order[place], None) is None:
            break


def _within_size(
    found: list[tuple[int, api_pb2.FunctionGetOutputsItem]],
) -> list[tuple[int, api_pb2.FunctionGetOutputsItem]]:
    size = 0
    for count, (_, item) in enumerate(found):
        size += item.ByteSize()
        if count and size > _MOST_BYTES:
            return found[:count]
    return found
