"""`ModalGateway`: the gateway through Modal's own SDK. Deploys run in child processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from pulumi_modal.errors import DeployFailed, ModalStackError, NoAnswer, NotFound, Refused
from pulumi_modal.gateway.autoscalers import WireAutoscalers
from pulumi_modal.gateway.calling import called
from pulumi_modal.gateway.commit import Commit
from pulumi_modal.gateway.credentials import Credentials
from pulumi_modal.gateway.history import ended_of, versions_of
from pulumi_modal.gateway.observation import observed
from pulumi_modal.gateway.port import (
    AppRef,
    Called,
    CallOrder,
    Deployed,
    Deployment,
    DeployOrder,
    Ended,
    JsonValue,
    ObservedFunction,
    SecretNeed,
    Tell,
    Version,
    VolumeNeed,
)
from pulumi_modal.gateway.rollover import roll_back, roll_over
from pulumi_modal.gateway.wire import CALL_DEADLINE_S, Wire
from pulumi_modal.source.child import run
from pulumi_modal.source.environment import child_environment
from pulumi_modal.source.redaction import KNOWN

_RUNNING = frozenset(
    {api_pb2.APP_STATE_DEPLOYED, api_pb2.APP_STATE_DETACHED, api_pb2.APP_STATE_EPHEMERAL}
)
_OVER = frozenset({api_pb2.APP_STATE_STOPPING, api_pb2.APP_STATE_STOPPED})
_EXISTING = api_pb2.OBJECT_CREATION_TYPE_UNSPECIFIED
_MORE_TIME = "give the resource more (`custom_timeouts`), or see what its image build waits for"


class ModalGateway:
    """Modal, by the credentials of one workspace. Safe to use from many threads."""

    def __init__(self, credentials: Credentials) -> None:
        KNOWN.keep(credentials.token_secret)
        self._credentials = credentials
        self._wire = Wire(credentials)
        self._commit = Commit()

    @property
    def wire(self) -> Wire:
        """For single calls about other things than apps: see `connect_wire`."""
        return self._wire

    def workspace(self) -> str:
        """Name of the workspace that the credentials belong to."""
        answer = self._wire.call("WorkspaceNameLookup", Empty(), "asking for the workspace")
        return str(answer.workspace_name)

    def environments(self) -> frozenset[str]:
        """Names of all environments."""
        answer = self._wire.call("EnvironmentList", Empty(), "listing environments")
        return frozenset(item.name for item in answer.items)

    def create_environment(self, name: str) -> None:
        """Make an environment; Refused when it is there."""
        request = api_pb2.EnvironmentCreateRequest(name=name)
        self._wire.call("EnvironmentCreate", request, f"creating the environment {name}")

    def delete_environment(self, name: str) -> None:
        """Remove an environment with everything in it."""
        request = api_pb2.EnvironmentDeleteRequest(name=name)
        self._wire.call("EnvironmentDelete", request, f"deleting the environment {name}")

    def apps(self, environment: str) -> Sequence[str]:
        """Names of the apps that are deployed, or run otherwise, in an environment."""
        request = api_pb2.AppListRequest(environment_name=environment)
        answer = self._wire.call("AppList", request, f"listing the apps of {environment}")
        return tuple(
            sorted(one.name or one.description for one in answer.apps if one.state in _RUNNING)
        )

    def find(self, app: AppRef) -> Deployment | None:
        """The deployed app of this name; None when there is none, or it was stopped."""
        answer = self._by_name(app)
        if not answer or not answer.app_id:
            return None
        life = answer.lifecycle
        at = datetime.fromtimestamp(life.deployed_at, UTC) if life.deployed_at else None
        return Deployment(answer.app_id, life.version, life.deployed_by, at)

    def versions(self, app_id: str) -> Sequence[Version]:
        """The history of an app, newest first."""
        request = api_pb2.AppDeploymentHistoryRequest(app_id=app_id)
        what = f"reading the history of {app_id}"
        answer = self._wire.call("AppDeploymentHistory", request, what)
        return versions_of(answer.app_deployment_histories)

    def ended(self, app: AppRef) -> Ended | None:
        """How the app that had this name last was stopped; None when there was none."""
        answer = self._by_name(app)
        return ended_of(answer.lifecycle) if answer and answer.previous_app_id else None

    def _by_name(self, app: AppRef) -> Any:
        """What Modal says of an app's name; None when the whole environment is gone."""
        request = api_pb2.AppGetByDeploymentNameRequest(
            name=app.name, environment_name=app.environment
        )
        try:
            return self._wire.call("AppGetByDeploymentName", request, f"looking up {app}")
        except NotFound:
            return None

    def function(self, app: AppRef, tag: str) -> ObservedFunction | None:
        """A function of a deployed app; the tag of a class is `Name.*`."""
        request = api_pb2.FunctionGetRequest(
            app_name=app.name, object_tag=tag, environment_name=app.environment
        )
        what = f"looking up {tag} of {app}"
        try:
            answer = self._wire.call("FunctionGet", request, what)
            bounds = api_pb2.FunctionGetSchedulingParamsRequest(function_id=answer.function_id)
            scheduling = self._wire.call("FunctionGetSchedulingParams", bounds, what)
        except NotFound:
            return None
        return observed(answer, scheduling)

    def function_kinds(self, app_id: str) -> Mapping[str, str]:
        """`function`, `class` or `server` of each tag of an app."""
        request = api_pb2.AppGetInfoRequest(app_id=app_id)
        info = self._wire.call("AppGetInfo", request, f"describing {app_id}").info
        found = {tag: "class" if tag.endswith(".*") else "function" for tag in info.functions}
        return {**found, **dict.fromkeys(info.servers, "server")}

    def missing(self, needs: Sequence[SecretNeed | VolumeNeed]) -> Sequence[str]:
        """A phrase for each need that Modal does not meet."""
        return tuple(phrase for need in needs for phrase in self._unmet(need))

    def _unmet(self, need: SecretNeed | VolumeNeed) -> Sequence[str]:
        if self._object_id(need) is not None:
            return ()
        keys = need.required_keys if isinstance(need, SecretNeed) else ()
        if keys and not self._unmet(SecretNeed(need.name, need.environment)):
            return (f"all of {', '.join(keys)} in {need}",)
        return (str(need),)

    def object_ids(self, needs: Sequence[SecretNeed | VolumeNeed]) -> Sequence[str]:
        """Modal's id of each need; empty for one that Modal does not meet."""
        return tuple(self._object_id(need) or "" for need in needs)

    def _object_id(self, need: SecretNeed | VolumeNeed) -> str | None:
        what = f"{need} in {need.environment}"
        try:
            if isinstance(need, SecretNeed):
                return str(self._wire.call("SecretGetOrCreate", _secret(need), what).secret_id)
            return str(self._wire.call("VolumeGetOrCreate", _volume(need), what).volume_id)
        except NotFound:
            return None

    def deploy(self, order: DeployOrder, tell: Tell) -> Deployed:
        """Deploy in a child process."""
        request = order.request
        order = replace(order, commit=self._commit.of(request.root))
        env = child_environment({**request.env, **self._credentials.variables()})
        what = f"{request.source}: the deploy of {request.environment}/{request.app_name}"
        try:
            done = run(
                "pulumi_modal.gateway.deploy_child:deploy",
                order,
                root=request.root,
                env=env,
                deadline_s=order.deadline_s,
                what=what,
                cure=_MORE_TIME,
                on_event=lambda words: tell(KNOWN.hide(words)),
            )
        except NoAnswer as error:
            raise DeployFailed(KNOWN.hide(str(error))) from None
        except ModalStackError as error:
            raise type(error)(KNOWN.hide(str(error))) from None
        KNOWN.keep(done.answer["inline"])
        return Deployed(done.answer["app_id"], tuple(done.answer["warnings"]))

    def call(self, order: CallOrder) -> Sequence[Called]:
        """Call a function, in a child process: see call_child.py."""
        return called(order, self._credentials)

    def rollover(self, app: AppRef, app_id: str, strategy: str) -> Sequence[str]:
        """New containers of what is deployed, counted as a version; what Modal warns of."""
        return roll_over(self._wire, app, app_id, strategy)

    def rollback(self, app: AppRef, app_id: str, version: int, strategy: str) -> Sequence[str]:
        """Let an older version serve again, as a version more; what Modal warns of."""
        return roll_back(self._wire, app, app_id, version, strategy)

    def tags(self, app_id: str) -> Mapping[str, str]:
        """The tags of an app."""
        request = api_pb2.AppGetTagsRequest(app_id=app_id)
        answer = self._wire.call("AppGetTags", request, f"reading the tags of {app_id}")
        return dict(answer.tags)

    def set_tags(self, app_id: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of an app."""
        request = api_pb2.AppSetTagsRequest(app_id=app_id, tags=tags)
        self._wire.call("AppSetTags", request, f"setting the tags of {app_id}")

    def set_bounds(self, function_id: str, bounds: Mapping[str, JsonValue]) -> None:
        """Set min, max, buffer containers or scaledown window without a new version."""
        WireAutoscalers(self._wire).set(function_id, function_id, bounds)

    def stop(self, app_id: str, deadline_s: float = CALL_DEADLINE_S) -> None:
        """Stop an app for good."""
        source = api_pb2.APP_STOP_SOURCE_PYTHON_CLIENT
        request = api_pb2.AppStopRequest(app_id=app_id, source=source)
        what = f"stopping {app_id}"
        try:
            self._wire.call("AppStop", request, what, deadline_s)
        except Refused as refused:
            about = api_pb2.AppGetLifecycleRequest(app_id=app_id)
            if self._wire.call("AppGetLifecycle", about, what).lifecycle.app_state in _OVER:
                raise NotFound(str(refused)) from refused
            raise

    def last_lines(self, app_id: str, count: int, since: datetime) -> Sequence[str]:
        """What the containers of an app printed last, at this moment (UTC) or after it."""
        request = api_pb2.AppFetchLogsRequest(app_id=app_id, limit=count)
        request.since.FromDatetime(since)
        answer: Any = self._wire.call("AppFetchLogs", request, f"reading the log of {app_id}")
        lines = [
            line.strip()
            for batch in answer.batches
            for item in batch.items
            for line in item.data.splitlines()
        ]
        return tuple(line for line in lines if line)[-count:]

    def close(self) -> None:
        """Let go of the connection."""
        self._wire.close()


def _secret(need: SecretNeed) -> api_pb2.SecretGetOrCreateRequest:
    return api_pb2.SecretGetOrCreateRequest(
        deployment_name=need.name,
        environment_name=need.environment,
        object_creation_type=_EXISTING,
        required_keys=need.required_keys,
    )


def _volume(need: VolumeNeed) -> api_pb2.VolumeGetOrCreateRequest:
    return api_pb2.VolumeGetOrCreateRequest(
        deployment_name=need.name,
        environment_name=need.environment,
        object_creation_type=_EXISTING,
    )
