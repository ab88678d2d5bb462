"""A version once more: the one in force in new containers, or an older one, as `modal app` does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from modal_proto import api_pb2

from pulumi_modal.gateway.port import AppRef
from pulumi_modal.gateway.wire import Wire

_PAUSE_S: Final = 0.5
_STOP_DEADLINE_S: Final = 40.0
"""For containers to stop, as long as the SDK waits for them."""


def roll_over(wire: Wire, app: AppRef, app_id: str, strategy: str) -> Sequence[str]:
    """Roll over; with `recreate`, return when no older container is left."""
    request = api_pb2.AppRolloverRequest(app_id=app_id)
    answer = wire.call("AppRollover", request, f"rolling over {app}")
    warnings = [one.message for one in answer.server_warnings]
    if strategy == "recreate" and answer.deployed_at:
        warnings += _stop_older(wire, app, app_id, answer.deployed_at)
    return tuple(warnings)


def roll_back(wire: Wire, app: AppRef, app_id: str, version: int, strategy: str) -> Sequence[str]:
    """Let an older version serve again; with `recreate`, return when no other one runs."""
    request = api_pb2.AppRollbackRequest(app_id=app_id, version=version)
    answer = wire.call("AppRollback", request, f"rolling {app} back to version {version}")
    warnings = [one.message for one in answer.server_warnings]
    if strategy == "recreate" and answer.deployed_at:
        warnings += _stop_older(wire, app, app_id, answer.deployed_at)
    return tuple(warnings)


def _stop_older(wire: Wire, app: AppRef, app_id: str, deployed_at: float) -> Sequence[str]:
    """Stop what was started before; Modal tells nobody when it has ended, so it is asked."""
    what = f"stopping the old containers of {app}"
    listing = api_pb2.TaskListRequest(environment_name=app.environment, app_id=app_id)
    end = time.monotonic() + _STOP_DEADLINE_S
    asked: set[str] = set()
    while True:
        tasks = wire.call("TaskList", listing, what).tasks
        older = {one.task_id for one in tasks if 0 < one.enqueued_at < deployed_at}
        for task_id in sorted(older - asked):
            wire.call("ContainerStop", api_pb2.ContainerStopRequest(task_id=task_id), what)
        asked |= older
        if not older:
            return ()
        if time.monotonic() >= end:
            return (f"{what}: {len(older)} still run after {_STOP_DEADLINE_S:g} s",)
        time.sleep(_PAUSE_S)
