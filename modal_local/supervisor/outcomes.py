"""What callers are told when an input ends without an answer of its container."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence

from modal_proto import api_pb2

from modal_local.calls.call import Input
from modal_local.errors import CallFailed, CallTimedOut

_Result = api_pb2.GenericResult


def output_of(
    item: Input,
    result: api_pb2.GenericResult,
    *,
    given: api_pb2.FunctionPutOutputsItem | None = None,
) -> api_pb2.FunctionGetOutputsItem:
    """A result as its caller gets it. Attempts are counted here: the caller knows of one."""
    output = api_pb2.FunctionGetOutputsItem(
        result=result,
        idx=item.idx,
        input_id=item.input_id,
        task_id=item.task_id,
        output_created_at=time.time(),
    )
    if given is not None:
        output.data_format = given.data_format
        output.input_started_at = given.input_started_at
        output.output_created_at = given.output_created_at
    return output


def failure(message: str) -> api_pb2.GenericResult:
    """A failure of the call, said by the control plane."""
    return _Result(status=_Result.GENERIC_STATUS_FAILURE, exception=message)


def terminated(message: str) -> api_pb2.GenericResult:
    """The call was ended on purpose."""
    return _Result(status=_Result.GENERIC_STATUS_TERMINATED, exception=message)


def timed_out(seconds: float) -> api_pb2.GenericResult:
    """The input ran longer than its function allows."""
    return _Result(
        status=_Result.GENERIC_STATUS_TIMEOUT,
        exception=f"Task's current input hit its timeout of {seconds:g}s",
    )


def start_failure(
    message: str, report: api_pb2.GenericResult | None, log_lines: Sequence[str]
) -> api_pb2.GenericResult:
    """No container of the function starts; with the exception it raised, if it could say so."""
    result = _Result(status=_Result.GENERIC_STATUS_INIT_FAILURE)
    if report is not None:
        result.MergeFrom(report)
        result.status = _Result.GENERIC_STATUS_INIT_FAILURE
        return result
    result.exception = with_log(message, log_lines)
    return result


def with_log(message: str, log_lines: Sequence[str]) -> str:
    """A message followed by what the container said last."""
    if not log_lines:
        return message
    last = "\n".join(line.rstrip("\n") for line in log_lines)
    return f"{message}; its last output was:\n{last}"


def ending(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"exited with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was killed by {name}"


def call_error(result: api_pb2.GenericResult) -> CallFailed:
    """The same result as an exception, for callers within this process."""
    message = result.exception or "the call ended without an answer"
    if result.status == _Result.GENERIC_STATUS_TIMEOUT:
        return CallTimedOut(message)
    return CallFailed(message)
