"""What is in Modal under a name, whoever made it; NotFound says what there is none of."""

from __future__ import annotations

from typing import Final

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from pulumi_modal.errors import NotFound
from pulumi_modal.gateway.named import Caller, ObjectRef, moment
from pulumi_modal.gateway.secrets import WireSecrets
from pulumi_modal.gateway.volumes import WireVolumes
from pulumi_modal.spec.lookups import (
    GetAppResult,
    GetEnvironmentResult,
    GetSecretResult,
    GetVolumeResult,
)

_LISTED: Final = "`modal environment list` shows those that are there"


def environment_of(caller: Caller, workspace: str, name: str) -> GetEnvironmentResult:
    """An environment."""
    answer = caller.call("EnvironmentList", Empty(), f"looking up the environment {name}")
    for one in answer.items:
        if one.name == name:
            return GetEnvironmentResult(
                name=name,
                workspace=workspace,
                environment_id=one.environment_id,
                web_suffix=one.webhook_suffix,
                is_default=one.default,
                created_at=moment(one.created_at),
            )
    raise NotFound(f"environment {name}: there is none in the workspace {workspace}; {_LISTED}")


def app_of(caller: Caller, workspace: str, app: ObjectRef) -> GetAppResult:
    """An app that is deployed."""
    request = api_pb2.AppGetByDeploymentNameRequest(name=app.name, environment_name=app.environment)
    answer = caller.call("AppGetByDeploymentName", request, f"looking up the app {app}")
    if not answer.app_id:
        raise NotFound(f"app {app}: is not deployed; `modal app list --env {app.environment}`")
    life = answer.lifecycle
    return GetAppResult(
        name=app.name,
        environment=app.environment,
        workspace=workspace,
        app_id=answer.app_id,
        version=life.version,
        deployed_at=moment(life.deployed_at),
        deployed_by=life.deployed_by,
        created_at=moment(life.created_at),
    )


def secret_of(caller: Caller, workspace: str, secret: ObjectRef) -> GetSecretResult:
    """A secret: names and dates."""
    found = WireSecrets(caller).find(secret)
    if found is None:
        raise NotFound(f"secret {secret}: there is none; `modal secret list`")
    return GetSecretResult(
        name=secret.name,
        environment=secret.environment,
        workspace=workspace,
        secret_id=found.secret_id,
        keys=found.keys,
        created_at=found.created_at,
        created_by=found.created_by,
    )


def volume_of(caller: Caller, workspace: str, volume: ObjectRef) -> GetVolumeResult:
    """A volume."""
    found = WireVolumes(caller).find(volume)
    if found is None:
        raise NotFound(f"volume {volume}: there is none; `modal volume list`")
    return GetVolumeResult(
        name=volume.name,
        environment=volume.environment,
        workspace=workspace,
        volume_id=found.volume_id,
        version=found.version,
        created_at=found.created_at,
        created_by=found.created_by,
    )
