"""Look-ups: one question to Modal each, by the credentials that a resource would use."""

from __future__ import annotations

from pathlib import Path

from pulumi_modal.errors import NotFound
from pulumi_modal.gateway.connect import connect, connect_wire
from pulumi_modal.gateway.named import ObjectRef
from pulumi_modal.gateway.port import AppRef
from pulumi_modal.spec.lookups import (
    GetAppResult,
    GetEnvironmentResult,
    GetFunctionResult,
    GetSecretResult,
    GetVolumeResult,
)


def environment(name: str, workspace: str) -> GetEnvironmentResult:
    """An environment."""
    caller = connect_wire(workspace, None, Path.cwd())
    from pulumi_modal.gateway.lookups import environment_of  # late: loaded by now, by one thread

    return environment_of(caller, workspace, name)


def app(name: str, environment: str, workspace: str) -> GetAppResult:
    """An app that is deployed."""
    caller = connect_wire(workspace, None, Path.cwd())
    from pulumi_modal.gateway.lookups import app_of  # late: loaded by now, by one thread

    return app_of(caller, workspace, ObjectRef(environment, name))


def secret(name: str, environment: str, workspace: str) -> GetSecretResult:
    """A secret: names and dates."""
    caller = connect_wire(workspace, None, Path.cwd())
    from pulumi_modal.gateway.lookups import secret_of  # late: loaded by now, by one thread

    return secret_of(caller, workspace, ObjectRef(environment, name))


def volume(name: str, environment: str, workspace: str) -> GetVolumeResult:
    """A volume."""
    caller = connect_wire(workspace, None, Path.cwd())
    from pulumi_modal.gateway.lookups import volume_of  # late: loaded by now, by one thread

    return volume_of(caller, workspace, ObjectRef(environment, name))


def function(app_name: str, function: str, environment: str, workspace: str) -> GetFunctionResult:
    """A function, class or server of an app that is deployed."""
    gateway = connect(workspace, environment, Path.cwd())
    ref = AppRef(environment, app_name)
    found = gateway.function(ref, function) or gateway.function(ref, f"{function}.*")
    if found is None:
        raise NotFound(
            f"function {function} of {ref}: is not deployed; `modal app list --env {environment}`"
        )
    return GetFunctionResult(
        app_name=app_name,
        function=function,
        environment=environment,
        workspace=workspace,
        function_id=found.function_id,
        url=next(iter(found.urls.values()), ""),
        urls=dict(found.urls),
        settings=dict(found.settings),
    )
