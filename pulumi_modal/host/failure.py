"""How a failed operation is told to the engine: in the words of people, with what is known."""

from __future__ import annotations

import traceback
from typing import NoReturn

import grpc
from google.protobuf import any_pb2, struct_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2

from pulumi_modal.errors import ModalStackError
from pulumi_modal.host.engine import Engine
from pulumi_modal.provider.operation import PartialFailure
from pulumi_modal.source.redaction import KNOWN

_DETAILS = "grpc-status-details-bin"


def abort(context: grpc.ServicerContext, error: Exception, engine: Engine, urn: str) -> NoReturn:
    """End the call with the error in one line; where it happened goes to `pulumi --debug`."""
    engine.debug("".join(traceback.format_exception(error)), urn)
    context.abort(grpc.StatusCode.UNKNOWN, _words(error))
    raise AssertionError("abort returned")


def _words(error: Exception) -> str:
    """Our own errors are written for people; any other is told with its class, in one line."""
    if isinstance(error, ModalStackError):
        return KNOWN.hide(str(error))
    said = KNOWN.hide(" ".join(str(error).split()))
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def abort_keeping(
    context: grpc.ServicerContext,
    failure: PartialFailure,
    properties: struct_pb2.Struct,
    engine: Engine,
    urn: str,
) -> NoReturn:
    """End the call with a failure after which the resource exists and stays in the state."""
    engine.debug("".join(traceback.format_exception(failure)), urn)
    reasons = [KNOWN.hide(one) for one in failure.reasons]  # they stay in the state
    kept = provider_pb2.ErrorResourceInitFailed(
        id=failure.resource_id, properties=properties, reasons=reasons
    )
    detail = any_pb2.Any()
    detail.Pack(kept)
    status = status_pb2.Status(
        code=grpc.StatusCode.UNKNOWN.value[0], message="; ".join(reasons), details=[detail]
    )
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, "; ".join(reasons))
    raise AssertionError("abort returned")
