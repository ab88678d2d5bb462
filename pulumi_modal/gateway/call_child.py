"""The calling child: call a deployed function by the SDK, and never unpickle what comes back.

A container is open to the world: whoever takes one over could answer with a pickle that runs code
here, beside the token. So inputs go out as CBOR, for which every function answers in CBOR; any
other answer is refused unread. A function that answers what is not plain data cannot be a probe.
"""

# ruff: noqa: SLF001  # the blocking doors of the SDK would start a thread of their own

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any, Final

import modal._functions
from modal._serialization import deserialize_data_format
from modal._utils.blob_utils import blob_download
from modal.client import _Client
from modal.cls import _Cls
from modal.exception import RemoteError
from modal_proto import api_pb2

from pulumi_modal.errors import ModalStackError
from pulumi_modal.gateway.port import CallOrder
from pulumi_modal.gateway.translation import translated
from pulumi_modal.spec.expectation import brief, difference

_READER: Final = "_process_result"
_LONGEST: Final = 300
_FAILURES: Final = {
    api_pb2.GenericResult.GENERIC_STATUS_TIMEOUT: "it ran into its timeout",
    api_pb2.GenericResult.GENERIC_STATUS_INTERNAL_FAILURE: "Modal failed",
}


def call(order: CallOrder, _tell: Callable[[Any], None]) -> list[list[Any]]:
    """Make the calls; seconds, failure and answer of each. Runs in a child."""
    if not hasattr(modal._functions, _READER):
        raise ModalStackError(
            "this release of modal reads answers elsewhere: install one that pulumi-modal supports"
        )
    setattr(modal._functions, _READER, read_result)
    try:
        return asyncio.new_event_loop().run_until_complete(_calls(order))
    except ModalStackError:
        raise
    except Exception as error:
        raise translated(error, f"calling {order.call} of {order.app}") from error


async def read_result(
    result: api_pb2.GenericResult, data_format: int, stub: Any, _client: Any = None
) -> Any:
    """An answer in CBOR; the words of a failure, without the exception that they come from."""
    if result.status != api_pb2.GenericResult.GENERIC_STATUS_SUCCESS:
        raise RemoteError(result.exception or _FAILURES.get(result.status, "it failed"))
    if data_format != api_pb2.DATA_FORMAT_CBOR:
        raise RemoteError("its answer is not plain data (CBOR), and is not read")
    is_blob = result.WhichOneof("data_oneof") == "data_blob_id"
    data = await blob_download(result.data_blob_id, stub) if is_blob else result.data
    return deserialize_data_format(data, api_pb2.DATA_FORMAT_CBOR, None)


async def _calls(order: CallOrder) -> list[list[Any]]:
    function = await _function(order, await _Client.from_env())
    left = iter(range(order.times))
    made: list[list[Any]] = []
    end = time.monotonic() + (math.inf if order.within_s is None else order.within_s)

    async def caller() -> None:
        for _ in left:
            if time.monotonic() >= end:
                return
            made.append(await _one(function, order))  # shared by all callers

    async with asyncio.TaskGroup() as callers:
        for _ in range(min(order.at_once, order.times)):
            callers.create_task(caller())
    return made


async def _function(order: CallOrder, client: Any) -> Any:
    """The function, or the method of an object of the class, known to Modal."""
    name, _, method = order.call.partition(".")
    environment = order.app.environment
    if not method:
        function = modal._functions._Function.from_name(
            order.app.name, name, environment_name=environment, client=client
        )
        await function.hydrate(client)
        return function
    cls = _Cls.from_name(order.app.name, name, environment_name=environment, client=client)
    await cls.hydrate(client)
    return getattr(cls(), method)


async def _one(function: Any, order: CallOrder) -> list[Any]:
    begun = time.monotonic()
    try:
        async with asyncio.timeout(order.timeout_s):
            answer = await function.remote(*order.args, **order.kwargs)
    except TimeoutError:
        return [time.monotonic() - begun, f"no answer within {order.timeout_s:.3g} s", ""]
    except Exception as error:  # noqa: BLE001  # whatever it is, it is not the expected answer
        words = " ".join(str(error).split())[:_LONGEST] or type(error).__name__
        return [time.monotonic() - begun, words, ""]
    seconds = time.monotonic() - begun
    wrong = difference(order.expect, answer) if order.expect is not None else ""
    return [seconds, f"answered, but {wrong}" if wrong else "", brief(answer)]
