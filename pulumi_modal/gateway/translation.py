"""From the SDK's exceptions to ours: one table, walked from the narrowest class to the widest."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Final

from grpclib.exceptions import StreamTerminatedError
from modal import exception

from pulumi_modal.errors import (
    DeployFailed,
    GatewayError,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
)

KINDS: Final[Mapping[type[BaseException], type[GatewayError]]] = {
    exception.NotFoundError: NotFound,
    exception.AuthError: Unauthenticated,
    exception.PermissionDeniedError: Refused,
    exception.InvalidError: Refused,  # ConflictError too
    exception.AlreadyExistsError: Refused,
    exception.ResourceExhaustedError: Refused,
    exception.UnimplementedError: Refused,
    exception.VersionError: Refused,
    exception.RequestSizeError: Refused,
    exception.WorkspaceManagementError: Refused,
    exception.DeprecationError: Refused,
    exception.RemoteError: DeployFailed,  # ImageBuildError too
    exception.ExecutionError: DeployFailed,
    exception.SerializationError: DeployFailed,
    exception.DeserializationError: DeployFailed,
    exception.ModuleNotMountable: DeployFailed,
    exception.ServiceError: Unavailable,
    exception.InternalError: Unavailable,
    exception.InternalFailure: Unavailable,
    exception.DataLossError: Unavailable,
    exception.ConnectionError: Unavailable,
    exception.ClientClosed: Unavailable,
    exception.LogsFetchError: Unavailable,
    exception.TimeoutError: Unavailable,  # with all its subclasses
    StreamTerminatedError: Unavailable,
    builtins.ConnectionError: Unavailable,
    builtins.TimeoutError: Unavailable,
}

CURES: Final[Mapping[type[GatewayError], str]] = {
    Unauthenticated: "get a new token (`modal token new`; `pulumi-modal local env` for the local"
    " Modal), then run `pulumi up` again: what is done stays done",
    Unavailable: "is Modal reachable? try again",
}


def translated(
    error: BaseException, what: str, otherwise: type[GatewayError] = GatewayError
) -> GatewayError:
    """The error as one of ours, in one line: what was asked, what Modal said, what to do.

    What the table does not know, as an error of the user's file, becomes `otherwise`.
    """
    kind = next((KINDS[one] for one in type(error).__mro__ if one in KINDS), otherwise)
    said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    cure = CURES.get(kind)
    return kind(f"{what}: {said}; {cure}" if cure else f"{what}: {said}")
