"""What of an environment differs from what is declared: pure; the provider acts on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pulumi_modal.gateway.environment_port import GivenRoles, NamedEnvironment
from pulumi_modal.provider.props import Props

_KINDS: Final = ("users", "service_users")


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done in Modal; None leaves a thing as it is."""

    web_suffix: str | None = None
    restriction: tuple[bool, str] | None = None
    """Whether it is restricted, and the default role; an empty one is Modal's own."""
    roles: GivenRoles | None = None
    """An empty role is to be taken away."""


def change(olds: Props, inputs: Props, found: NamedEnvironment, given: GivenRoles | None) -> Change:
    """What brings an environment from how it is to how it is declared.

    `given` are the roles in Modal, when any are or were declared. What is not declared stays.
    """
    suffix = inputs.get("web_suffix")
    return Change(
        web_suffix=suffix if suffix not in {None, found.web_suffix} else None,
        restriction=_restriction(inputs, found),
        roles=None if given is None else _roles(olds, inputs, given),
    )


def declares_roles(*props: Props) -> bool:
    """Whether any of these says something of roles."""
    return any(one.get("roles") for one in props)


def as_found(inputs: Props, found: NamedEnvironment, given: GivenRoles) -> dict[str, Any]:
    """The declared settings as they are in Modal now; what is not declared is not told."""
    now: dict[str, Any] = {}
    if inputs.get("web_suffix") is not None:
        now["web_suffix"] = found.web_suffix
    if inputs.get("restricted") is not None:
        now["restricted"] = found.is_restricted
    if inputs.get("default_role") is not None and found.default_role:
        now["default_role"] = found.default_role
    roles = {kind: _known(inputs, given, kind) for kind in _KINDS}
    if any(roles.values()):
        now["roles"] = {kind: one for kind, one in roles.items() if one}
    return now


def as_it_is(found: NamedEnvironment, given: GivenRoles) -> dict[str, Any]:
    """All settings, as an import takes them over."""
    now: dict[str, Any] = {"web_suffix": found.web_suffix, "restricted": found.is_restricted}
    if found.default_role:
        now["default_role"] = found.default_role
    if roles := given.as_map():
        now["roles"] = roles
    return now


def _restriction(inputs: Props, found: NamedEnvironment) -> tuple[bool, str] | None:
    wanted, role = inputs.get("restricted"), inputs.get("default_role") or ""
    if wanted is None:
        return None
    if wanted == found.is_restricted and (not wanted or role in {"", found.default_role}):
        return None
    return wanted, role


def _roles(olds: Props, inputs: Props, given: GivenRoles) -> GivenRoles | None:
    """Roles to give, and, empty, those to take: that were declared before, and are not now."""
    found = given.as_map()
    wanted: dict[str, dict[str, str]] = {}
    for kind in _KINDS:
        now, before = _declared(inputs, kind), _declared(olds, kind)
        held = found.get(kind, {})
        wanted[kind] = {
            **{name: "" for name in before if name not in now and name in held},
            **{name: role for name, role in now.items() if held.get(name) != role},
        }
    return GivenRoles(**wanted) if any(wanted.values()) else None


def _known(inputs: Props, given: GivenRoles, kind: str) -> dict[str, str]:
    held: Mapping[str, str] = given.as_map().get(kind, {})
    return {name: held[name] for name in _declared(inputs, kind) if name in held}


def _declared(inputs: Props, kind: str) -> Mapping[str, str]:
    roles = inputs.get("roles") or {}
    found: Mapping[str, str] = roles.get(kind) or {}
    return found
