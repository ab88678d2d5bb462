"""Who may call what: clients everything that is for them, containers what code in them needs."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream

from modal_local.rpc.identity import TASK_HEADER, TOKEN_ID_HEADER
from modal_local.rpc.message import header

CONTAINER_RPCS: Final = frozenset(
    {
        # a container's own life
        "ContainerHello",
        "ContainerHeartbeat",
        "ContainerLog",
        "ContainerServerLifecycleReady",
        "ContainerStop",
        "FunctionCallGetDataIn",
        "FunctionCallPutDataOut",
        "FunctionGetDynamicConcurrency",
        "FunctionGetInputs",
        "FunctionPutOutputs",
        "TaskCurrentInputs",
        "TaskResult",
        "VolumeCommit",
        "VolumeReload",
        # what code in a container may do: call functions, look things up, use dicts and queues
        "AppGetByDeploymentName",
        "AppGetLayout",
        "AppGetInfo",
        "AppGetLifecycle",
        "BlobCreate",
        "BlobGet",
        "ClassGet",
        "ClientHello",
        "DictClear",
        "DictContains",
        "DictContents",
        "DictDelete",
        "DictGet",
        "DictGetById",
        "DictGetOrCreate",
        "DictHeartbeat",
        "DictLen",
        "DictList",
        "DictPop",
        "DictUpdate",
        "EnvironmentGetOrCreate",
        "FunctionBindParams",
        "FunctionCallCancel",
        "FunctionCallFromId",
        "FunctionCallGetDataOut",
        "FunctionCallGetInfo",
        "FunctionFinishInputs",
        "FunctionGet",
        "FunctionGetById",
        "FunctionGetCallGraph",
        "FunctionGetCurrentStats",
        "FunctionGetOutputs",
        "FunctionGetSchedulingParams",
        "FunctionMap",
        "FunctionPutInputs",
        "FunctionRetryInputs",
        "FunctionUpdateSchedulingParams",
        "ImageFromId",
        "QueueClear",
        "QueueDelete",
        "QueueGet",
        "QueueGetById",
        "QueueGetOrCreate",
        "QueueHeartbeat",
        "QueueLen",
        "QueueList",
        "QueueNextItems",
        "QueuePut",
        "VolumeGetById",
        "VolumeGetFile",
        "VolumeGetFile2",
        "VolumeListFiles",
        "VolumeListFiles2",
    }
)
TOKEN_SECRET_HEADER: Final = "x-modal-token-secret"  # noqa: S105 - the name of a header


@dataclass(frozen=True, slots=True)
class Guard:
    """Checks the credentials of every call before anything else happens."""

    token_id: str
    token_secret: str
    accepts_task: Callable[[str, str], bool]
    accepts_service_user: Callable[[str, str], bool]

    def admit(self, rpc: str, stream: Stream[Any, Any]) -> None:
        """Raises GRPCError with UNAUTHENTICATED or PERMISSION_DENIED."""
        task = header(stream, TASK_HEADER)
        if task:
            self._admit_container(rpc, task)
            return
        token_id = header(stream, TOKEN_ID_HEADER)
        secret = header(stream, TOKEN_SECRET_HEADER)
        if not token_id or not secret:
            raise GRPCError(
                Status.UNAUTHENTICATED,
                "This local Modal needs its token: run "
                '`eval "$(python -m modal_local env)"` to set it.',
            )
        known = hmac.compare_digest(token_id.encode(), self.token_id.encode())
        valid = hmac.compare_digest(secret.encode(), self.token_secret.encode())
        if not (known and valid) and not self.accepts_service_user(token_id, secret):
            raise GRPCError(
                Status.UNAUTHENTICATED,
                "This token is not that of this local Modal: run "
                '`eval "$(python -m modal_local env)"` to set the right one.',
            )

    def _admit_container(self, rpc: str, task: str) -> None:
        task_id, _, secret = task.partition(":")
        if not self.accepts_task(task_id, secret):
            raise GRPCError(Status.UNAUTHENTICATED, "This is not a running container.")
        if rpc not in CONTAINER_RPCS:
            raise GRPCError(Status.PERMISSION_DENIED, f"{rpc} may not be called by containers.")
