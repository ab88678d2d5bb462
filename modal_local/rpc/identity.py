"""Who calls: a client with a token, or a container with the secret of its task.

The server has checked the credentials before any RPC runs; here they are only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream

from modal_local.rpc.message import header
from modal_local.settings import WORKSPACE
from modal_local.store.service_users import ServiceUsers

TASK_HEADER: Final = "x-task"
TOKEN_ID_HEADER: Final = "x-modal-token-id"  # noqa: S105 - the name of a header


class CallerKind(Enum):
    """The two kinds of callers."""

    CLIENT = "client"
    CONTAINER = "container"


@dataclass(frozen=True, slots=True)
class Caller:
    """The origin of one RPC."""

    kind: CallerKind
    task_id: str = ""
    """Of the calling container."""


def caller(stream: Stream[Any, Any]) -> Caller:
    """Who sent this RPC."""
    task_id, _, _ = header(stream, TASK_HEADER).partition(":")
    return Caller(CallerKind.CONTAINER, task_id) if task_id else Caller(CallerKind.CLIENT)


def calling_task(stream: Stream[Any, Any]) -> str:
    """The task id of the container that calls; clients are refused."""
    task_id = caller(stream).task_id
    if not task_id:
        raise GRPCError(Status.PERMISSION_DENIED, "only containers may make this call")
    return task_id


def author(stream: Stream[Any, Any], users: ServiceUsers) -> str:
    """The name under which a call is remembered: the service user's, or the one person's."""
    user = users.with_token(header(stream, TOKEN_ID_HEADER))
    return WORKSPACE if user is None else user.name
