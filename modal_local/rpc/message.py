"""Reading the one message of a request, its headers, and where it wants to go on."""

from __future__ import annotations

from typing import Any, TypeVar

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


async def receive(stream: Stream[_Request, _Response]) -> _Request:
    """The request; refused when there is none."""
    message = await stream.recv_message()
    if message is None:
        raise GRPCError(Status.INVALID_ARGUMENT, "the request is empty")
    return message


def header(stream: Stream[Any, Any], name: str) -> str:
    """A header of the request; empty when it has none."""
    value = stream.metadata.get(name, "") if stream.metadata is not None else ""
    return value if isinstance(value, str) else ""


def position(entry_id: str) -> int:
    """Where a stream of entries (`12-0`) goes on; 0 is the start."""
    number = entry_id.partition("-")[0]
    return int(number) if number.isdecimal() else 0
