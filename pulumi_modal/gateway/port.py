"""What the provider asks of Modal, in its own words: the SDK's churn stops behind this door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pulumi_modal.source.request import PlanRequest

JsonValue = Any
"""A JSON value: str, int, float, bool, None, list or dict of these."""

Tell = Callable[[str], None]
"""Takes a few words on what is going on, for the row of a resource."""


@dataclass(frozen=True, slots=True)
class AppRef:
    """How an app is found: its environment and its name."""

    environment: str
    name: str

    def __str__(self) -> str:
        return f"{self.environment}/{self.name}"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs under the name of an app."""

    app_id: str
    version: int
    """Counts the deploys (and rollbacks) of the app, from 1."""
    deployed_by: str = ""
    """User or service user, where Modal tells."""
    deployed_at: datetime | None = None
    """When this version was deployed (UTC), where Modal tells."""


@dataclass(frozen=True, slots=True)
class Version:
    """One entry of an app's history."""

    number: int
    kind: str = "deploy"
    """`deploy`, `rollback`, `rollover`, `promotion` or `staged`."""
    repeats: int = 0
    """The version whose definitions it has again."""
    deployed_by: str = ""
    deployed_at: datetime | None = None
    commit: str = ""
    client_version: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an app that is gone was stopped, where Modal tells."""

    stopped_by: str = ""
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ObservedFunction:
    """What Modal says of a deployed function, class or server: only what it can read back."""

    function_id: str
    settings: Mapping[str, JsonValue]
    """By the names and in the units of `spec/overrides.py`; the autoscaler's as now in force."""
    urls: Mapping[str, str] = field(default_factory=dict)
    """URL by method; the function itself is the empty name."""


@dataclass(frozen=True, slots=True)
class SecretNeed:
    """A named secret that must exist, with keys it must have."""

    name: str
    environment: str
    required_keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"secret {self.name}"


@dataclass(frozen=True, slots=True)
class VolumeNeed:
    """A named volume that must exist."""

    name: str
    environment: str

    def __str__(self) -> str:
        return f"volume {self.name}"


@dataclass(frozen=True, slots=True)
class DeployOrder:
    """Everything a deploy needs to know."""

    request: PlanRequest
    strategy: str = "rolling"
    tag: str = ""
    deadline_s: float = 1800.0
    tags: Mapping[str, str] = field(default_factory=dict)
    """Put on the app beside those of its code."""
    commit: bytes | None = None
    """Serialized `CommitInfo` of the project, empty outside git; None: the SDK asks git itself."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What came of a deploy."""

    app_id: str
    warnings: tuple[str, ...] = ()
    """Sentences of Modal, as that a web label was taken from another app."""


@dataclass(frozen=True, slots=True)
class CallOrder:
    """A function of a deployed app to call, once or under load, and what it must answer."""

    app: AppRef
    call: str
    """`function` or `Class.method`."""
    root: Path
    """The project's folder: the calls are made by a child process that stands there."""
    args: Sequence[JsonValue] = ()
    kwargs: Mapping[str, JsonValue] = field(default_factory=dict)
    expect: JsonValue = None
    """See `spec/expectation.py`; None: any answer will do."""
    timeout_s: float = 30.0
    """For each call."""
    times: int = 1
    at_once: int = 1
    within_s: float | None = None
    """No call begins later than so long after the first one."""


@dataclass(frozen=True, slots=True)
class Called:
    """What came of one call."""

    seconds: float
    failure: str = ""
    """Empty when the answer was the expected one."""
    answer: str = ""
    """In a few characters."""


class Gateway(Protocol):
    """Modal, as the credentials in force reach it. Raises a GatewayError that names the thing."""

    def workspace(self) -> str:
        """Name of the workspace that the credentials belong to."""

    def environments(self) -> frozenset[str]:
        """Names of all environments."""

    def create_environment(self, name: str) -> None:
        """Make an environment; Refused when it is there."""

    def delete_environment(self, name: str) -> None:
        """Remove an environment with everything in it. NotFound when it is gone."""

    def apps(self, environment: str) -> Sequence[str]:
        """Names of the apps that are deployed, or run otherwise, in an environment."""

    def find(self, app: AppRef) -> Deployment | None:
        """The deployed app of this name; None when there is none, or it was stopped."""

    def versions(self, app_id: str) -> Sequence[Version]:
        """The history of an app, newest first."""

    def ended(self, app: AppRef) -> Ended | None:
        """How the app that had this name last was stopped; None when there was none."""

    def function(self, app: AppRef, tag: str) -> ObservedFunction | None:
        """A function of a deployed app; the tag of a class is `Name.*`."""

    def function_kinds(self, app_id: str) -> Mapping[str, str]:
        """`function`, `class` or `server` of each tag of an app. NotFound when it is gone."""

    def missing(self, needs: Sequence[SecretNeed | VolumeNeed]) -> Sequence[str]:
        """A phrase for each need that Modal does not meet."""

    def object_ids(self, needs: Sequence[SecretNeed | VolumeNeed]) -> Sequence[str]:
        """Modal's id of each need; empty for one that Modal does not meet."""

    def deploy(self, order: DeployOrder, tell: Tell) -> Deployed:
        """Deploy in a child process. DeployFailed when it ends without a deployment."""

    def call(self, order: CallOrder) -> Sequence[Called]:
        """Call a function. NotFound when the app has none of this name."""

    def rollover(self, app: AppRef, app_id: str, strategy: str) -> Sequence[str]:
        """New containers of what is deployed, counted as a version; what Modal warns of."""

    def rollback(self, app: AppRef, app_id: str, version: int, strategy: str) -> Sequence[str]:
        """Let an older version serve again, as a version more; what Modal warns of."""

    def tags(self, app_id: str) -> Mapping[str, str]:
        """The tags of an app. NotFound when it is gone."""

    def set_tags(self, app_id: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of an app."""

    def set_bounds(self, function_id: str, bounds: Mapping[str, JsonValue]) -> None:
        """Set min, max, buffer containers or scaledown window without a new version."""

    def stop(self, app_id: str, deadline_s: float = 60.0) -> None:
        """Stop an app for good. NotFound when it is gone, Unavailable when it takes longer."""

    def last_lines(self, app_id: str, count: int, since: datetime) -> Sequence[str]:
        """What the containers of an app printed last, at this moment (UTC) or after it."""
