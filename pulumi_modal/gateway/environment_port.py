"""What the provider asks of Modal about environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class NamedEnvironment:
    """What Modal tells of an environment."""

    environment_id: str
    name: str
    web_suffix: str
    is_restricted: bool = False
    default_role: str = ""
    """Empty unless it is restricted."""
    is_default: bool = False
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class GivenRoles:
    """Roles that were given in an environment, by name; those of the default are not told."""

    users: Mapping[str, str] = field(default_factory=dict)
    service_users: Mapping[str, str] = field(default_factory=dict)

    def as_map(self) -> dict[str, dict[str, str]]:
        """As a stack writes them; who has none is left out."""
        every = {"users": dict(self.users), "service_users": dict(self.service_users)}
        return {kind: roles for kind, roles in every.items() if roles}


class Environments(Protocol):
    """The environments of a workspace. Raises a GatewayError that names the environment."""

    def all(self) -> Sequence[NamedEnvironment]:
        """Every environment."""

    def create(self, name: str, *, is_restricted: bool, default_role: str) -> None:
        """Make it; Refused when it is there."""

    def rename(self, name: str, new_name: str) -> None:
        """Give it another name. NotFound, Refused."""

    def set_web_suffix(self, name: str, web_suffix: str) -> None:
        """Let its apps have other URLs. Refused when another environment has this suffix."""

    def restrict(
        self, environment: NamedEnvironment, *, is_restricted: bool, default_role: str
    ) -> None:
        """Whether roles count there; an empty default role is Modal's own."""

    def roles(self, environment: NamedEnvironment) -> GivenRoles:
        """The roles that were given there."""

    def give_roles(self, environment: NamedEnvironment, roles: GivenRoles) -> None:
        """Give these roles; an empty one takes the role away. Refused names who is not there."""

    def contents(self, name: str) -> Sequence[str]:
        """What would be lost with it: `app llm`, `volume models`, `secret huggingface`."""

    def delete(self, name: str) -> None:
        """Remove it with everything in it. NotFound when it is gone."""
