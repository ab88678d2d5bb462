"""Objects that Modal keeps under a name in an environment: secrets, volumes, dicts, queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from google.protobuf.message import Message


class Caller(Protocol):
    """One RPC at a time; raises a GatewayError that begins with `what`."""

    def call(self, rpc: str, request: Message, what: str, *, repeats: bool = True) -> Any:
        """The answer to one RPC; a short failure is repeated, unless it is not to be."""

    def stream(self, rpc: str, request: Message, what: str) -> Sequence[Any]:
        """All answers to an RPC that has several."""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """How a named object is found: its environment and its name."""

    environment: str
    name: str

    def __str__(self) -> str:
        return f"{self.environment}/{self.name}"


def moment(seconds: float) -> str:
    """A time of Modal's as ISO 8601 in UTC; empty where Modal tells none."""
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class NamedSecret:
    """What Modal tells of a secret."""

    secret_id: str
    keys: tuple[str, ...]
    created_at: str = ""
    created_by: str = ""


class Secrets(Protocol):
    """The secrets of a workspace. Raises a GatewayError that names the secret."""

    def find(self, secret: ObjectRef) -> NamedSecret | None:
        """The secret of this name; None when there is none."""

    def create(self, secret: ObjectRef, values: Mapping[str, str]) -> NamedSecret:
        """Make it; Refused when it is there."""

    def overwrite(self, secret: ObjectRef, values: Mapping[str, str]) -> NamedSecret:
        """Let it have these variables and no others, whether it is there or not."""

    def delete(self, secret_id: str) -> None:
        """Remove it. NotFound when it is gone."""


@dataclass(frozen=True, slots=True)
class NamedVolume:
    """What Modal tells of a volume."""

    volume_id: str
    version: int
    created_at: str = ""
    created_by: str = ""


class Volumes(Protocol):
    """The volumes of a workspace. Raises a GatewayError that names the volume."""

    def find(self, volume: ObjectRef) -> NamedVolume | None:
        """The volume of this name; None when there is none."""

    def ensure(self, volume: ObjectRef, version: int) -> NamedVolume:
        """Make it, where there is none; one that is there keeps its version."""

    def is_empty(self, volume: ObjectRef, found: NamedVolume) -> bool:
        """Whether it holds no file and no folder."""

    def delete(self, volume: ObjectRef, found: NamedVolume) -> None:
        """Remove it with all that is in it. NotFound when it is gone."""


@dataclass(frozen=True, slots=True)
class NamedCollection:
    """What Modal tells of a dict or a queue."""

    collection_id: str
    created_at: str = ""
    created_by: str = ""


class Collections(Protocol):
    """The dicts of a workspace, or its queues. Raises a GatewayError that names the thing."""

    def find(self, ref: ObjectRef) -> NamedCollection | None:
        """The one of this name; None when there is none."""

    def ensure(self, ref: ObjectRef) -> NamedCollection:
        """Make it, where there is none."""

    def is_empty(self, ref: ObjectRef, found: NamedCollection) -> bool:
        """Whether nothing is in it."""

    def delete(self, ref: ObjectRef, found: NamedCollection) -> None:
        """Remove it with all that is in it. NotFound when it is gone."""


@dataclass(frozen=True, slots=True)
class ProxyToken:
    """What Modal tells of a proxy token; its secret is not among it."""

    token_id: str
    name: str
    created_at: str = ""


class ProxyTokens(Protocol):
    """The proxy tokens of a workspace. Raises a GatewayError that names the token."""

    def create(self, name: str) -> tuple[str, str]:
        """Id and secret of a new one; nobody is ever told the secret again."""

    def all(self) -> Sequence[ProxyToken]:
        """All of them."""

    def environments_of(self, token_id: str) -> Sequence[str]:
        """Names of the environments that it was allowed in."""

    def missing(self, environments: Sequence[str]) -> Sequence[str]:
        """Those that are not there."""

    def allow(self, token_id: str, environment: str) -> None:
        """Let it open the endpoints of an environment."""

    def revoke(self, token_id: str, environment: str) -> None:
        """Take that back. NotFound when it was not allowed."""

    def rename(self, token_id: str, name: str) -> None:
        """Give it another name."""

    def delete(self, token_id: str) -> None:
        """It opens nothing from now on. NotFound when it is gone."""


@dataclass(frozen=True, slots=True)
class FunctionBounds:
    """Bounds of a deployed function; a bound that nothing says is left out."""

    function_id: str
    in_force: Mapping[str, int]
    deployed: Mapping[str, int]
    """Those of the deploy itself."""
    set_since: Mapping[str, int]
    """Those that somebody has set since the deploy."""


class Autoscalers(Protocol):
    """The autoscalers of deployed functions. Raises a GatewayError that names the function."""

    def find(self, app: ObjectRef, function: str) -> FunctionBounds | None:
        """The bounds of a function, class or server; None when it is not deployed."""

    def set(self, what: str, function_id: str, bounds: Mapping[str, int]) -> None:
        """Set these bounds at once; the others stay."""
