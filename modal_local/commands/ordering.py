"""The way to the service of faults, for the command line and for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.exceptions import GRPCError, StreamTerminatedError

from modal_local.errors import LocalModalError
from modal_local.rpc.access import TOKEN_SECRET_HEADER
from modal_local.rpc.fault import SERVICE
from modal_local.rpc.identity import TOKEN_ID_HEADER
from modal_local.settings import LOOPBACK, Access

_ANSWERED_WITHIN_S: Final = 60.0


def ask_faults(
    access: Access, method: str, asked: Mapping[str, Any], deadline_s: float = _ANSWERED_WITHIN_S
) -> dict[str, Any]:
    """One call of the service. Raises LocalModalError when it refuses or does not answer."""
    try:
        return asyncio.run(_ask(access, method, asked, deadline_s))
    except (OSError, TimeoutError, StreamTerminatedError) as error:
        raise LocalModalError(f"{access.server_url} does not answer: {error}") from error
    except GRPCError as error:
        raise LocalModalError(error.message or error.status.name) from error


async def _ask(
    access: Access, method: str, asked: Mapping[str, Any], deadline_s: float
) -> dict[str, Any]:
    request = Struct()
    request.update(dict(asked))
    token = {TOKEN_ID_HEADER: access.token_id, TOKEN_SECRET_HEADER: access.token_secret}
    channel = Channel(LOOPBACK, access.port)
    try:
        call: UnaryUnaryMethod[Struct, Struct]
        call = UnaryUnaryMethod(channel, f"/{SERVICE}/{method}", Struct, Struct)
        async with asyncio.timeout(deadline_s):
            answer = await call(request, metadata=token)
    finally:
        channel.close()
    return dict(_whole(json_format.MessageToDict(answer)))


def _whole(value: Any) -> Any:
    """A JSON value whose whole numbers are whole again: on the wire all are floats."""
    match value:
        case dict():
            return {key: _whole(one) for key, one in value.items()}
        case list():
            return [_whole(one) for one in value]
        case float() if value.is_integer():
            return int(value)
    return value
