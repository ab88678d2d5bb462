"""Errors of the local Modal -> statuses of gRPC, in one table.

UNKNOWN and INTERNAL are avoided: clients repeat such calls silently.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Mapping
from typing import Final

from grpclib.const import Status
from grpclib.exceptions import GRPCError

from modal_local.errors import (
    AlreadyExists,
    CallFailed,
    Conflict,
    Invalid,
    LocalModalError,
    NoRoom,
    NotFound,
    QueueFull,
)

STATUSES: Final[Mapping[type[LocalModalError], Status]] = {
    NotFound: Status.NOT_FOUND,
    Conflict: Status.FAILED_PRECONDITION,
    AlreadyExists: Status.ALREADY_EXISTS,
    Invalid: Status.INVALID_ARGUMENT,
    NoRoom: Status.RESOURCE_EXHAUSTED,
    QueueFull: Status.RESOURCE_EXHAUSTED,
    CallFailed: Status.FAILED_PRECONDITION,
    LocalModalError: Status.FAILED_PRECONDITION,
}


def grpc_error(error: LocalModalError) -> GRPCError:
    """The refusal as the client gets it."""
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    return GRPCError(status, str(error))


def is_full_disk(error: BaseException) -> bool:
    """Whether there is no room left for what was to be written."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_FULL


def full_disk(rpc: str) -> GRPCError:
    """What a client is told then."""
    return GRPCError(
        Status.RESOURCE_EXHAUSTED,
        f"{rpc}: the disk of the local Modal is full; free some space and try again. What was there"
        " is as it was.",
    )
