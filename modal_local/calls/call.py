"""A function call, its inputs and its outputs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from modal_proto import api_pb2

from modal_local.bell import Bell
from modal_local.calls.channel import Channel

_RESUMABLE_BYTES: Final = 8 * 1024**2
"""More than a gRPC stream has under way, so that a broken one can be resumed."""
_REPLAYABLE_BYTES: Final = 1024**2
_NOTHING: Final = api_pb2.FunctionInput()


class InputState(Enum):
    """Where an input is."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """For the delay before a retry."""
    DONE = "done"


@dataclass(slots=True, eq=False)
class Input:
    """One unit of work."""

    input_id: str
    idx: int
    call: Call
    message: api_pb2.FunctionInput
    state: InputState = InputState.QUEUED
    queued_at: float = 0.0
    attempt: int = 0
    """Grows whenever the input is given out again."""
    failures: int = 0
    losses: int = 0
    """Containers that died with it."""
    task_id: str = ""
    timer: asyncio.TimerHandle | None = None
    """Of its timeout while it runs, of its retry while it waits."""

    def stop_timer(self) -> None:
        """Neither times out nor is retried any more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def forget_message(self) -> None:
        """Free the arguments."""
        self.message = _NOTHING


@dataclass(slots=True, eq=False)
class Call:
    """One request of a caller: one input, or many for a map."""

    call_id: str
    function_id: str
    kind: api_pb2.FunctionCallType.ValueType
    invocation: api_pb2.FunctionCallInvocationType.ValueType
    app_id: str = ""
    module_name: str = ""
    function_name: str = ""
    parent_input_id: str = ""
    is_web: bool = False
    created_at: float = 0.0
    unfinished: dict[str, Input] = field(default_factory=dict)
    total_inputs: int = 0
    outputs: dict[int, api_pb2.FunctionGetOutputsItem] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    """Indexes of outputs as they came: what a cursor counts."""
    changed: Bell = field(default_factory=Bell)
    _data_in: Channel | None = None
    _data_out: Channel | None = None

    @property
    def is_waited_for(self) -> bool:
        """Whether its caller waits for outputs, and wants them once."""
        return self.invocation in {
            api_pb2.FUNCTION_CALL_INVOCATION_TYPE_SYNC,
            api_pb2.FUNCTION_CALL_INVOCATION_TYPE_SYNC_LEGACY,
        }

    @property
    def data_in(self) -> Channel:
        """Towards the container: the body of a web request."""
        if self._data_in is None:
            self._data_in = Channel(kept_bytes=_REPLAYABLE_BYTES)
        return self._data_in

    @property
    def data_out(self) -> Channel:
        """From the container: what a generator yields, or the answer to a web request."""
        if self._data_out is None:
            self._data_out = Channel(kept_bytes=0 if self.is_web else _RESUMABLE_BYTES)
        return self._data_out

    @property
    def streams(self) -> bool:
        """Whether anything has gone through its channels."""
        return self._data_in is not None or self._data_out is not None

    def expect_reader(self) -> None:
        """A generator that yielded nothing has a reader all the same."""
        _ = self.data_out

    @property
    def size(self) -> int:
        """Bytes of results held, about."""
        held = sum(item.ByteSize() for item in self.outputs.values())
        return held + (self._data_out.size if self._data_out is not None else 0)

    def close_channels(self) -> None:
        """Tell readers that the call has ended."""
        for channel in (self._data_in, self._data_out):
            if channel is not None:
                channel.close()

    def reopen_channels(self) -> None:
        """A retried input streams again."""
        for channel in (self._data_in, self._data_out):
            if channel is not None:
                channel.is_closed = False
