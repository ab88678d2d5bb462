"""What `Environment` takes and tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator

from pulumi_modal.spec.model import Frozen
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.resources.model import (
    ON_DELETE_EFFECT,
    Effects,
    EnvironmentName,
    OnDelete,
    ResourceInputs,
    ResourceOutputs,
    WorkspaceName,
    bound,
    in_place,
    named,
    replacement,
    says,
)
from pulumi_modal.spec.rules import Choice, Flag, Text

CONTRIBUTOR: Final = "contributor"
ROLE: Final = Choice((CONTRIBUTOR, "viewer", "no-access"))
WEB_SUFFIX: Final = Text(
    r"|(?!-)[a-z0-9-]{1,63}(?<!-)",
    'up to 63 lower-case letters, digits and dashes, no dash at an end; "" is no suffix',
    lambda text: text.lower().replace("_", "-").strip("-"),
)
Role = Annotated[str, PlainValidator(ROLE)]
SomeRole = Annotated[str | None, PlainValidator(ROLE)]
SomeSuffix = Annotated[str | None, PlainValidator(WEB_SUFFIX)]
SomeFlag = Annotated[bool | None, PlainValidator(Flag())]
_LEFT: Final = "as Modal has it"
_OPEN: Final = "count only in a restricted environment; set restricted: true"


class EnvironmentRoles(Frozen):
    """Roles by name; who is not named keeps the role that Modal gives."""

    users: Mapping[str, Role] = Field(
        default_factory=dict,
        description="Of users, where roles count.",
        json_schema_extra={"allowed": f"names, each with {ROLE.allowed}"},
    )
    service_users: Mapping[str, Role] = Field(
        default_factory=dict,
        description="Of service users.",
        json_schema_extra={"allowed": f"names, each with {ROLE.allowed}"},
    )


def suffix_field() -> Any:
    """Of the resource, and of a stack file."""
    return says(
        "Part of the URLs of its apps; only one environment of a workspace may have none.",
        default=None,
        words=_LEFT,
        example="staging",
    )


def restricted_field() -> Any:
    """Of the resource, and of a stack file."""
    return says(
        "Whether roles count there; otherwise every member may do everything.",
        default=None,
        words=_LEFT,
        example="true",
    )


def default_role_field() -> Any:
    """Of the resource, and of a stack file."""
    return says(
        "Role of members without one of their own, where roles count.",
        default=None,
        words=_LEFT,
        example="viewer",
    )


def roles_field() -> Any:
    """Of the resource, and of a stack file."""
    return says(
        "Roles of users (where roles count) and service users; who is not named keeps what Modal"
        " gives.",
        default=None,
        words="none given",
        example="{service_users: {ci: contributor}}",
        allowed="a map with users and service_users, each a map from names to roles",
    )


def on_delete_field() -> Any:
    """Of the resource, and of a stack file."""
    return says(
        "What a delete does: `refuse` deletes the environment only when it is empty, `retain`"
        " leaves it in Modal and forgets it, `force` deletes it with all apps, volumes, secrets,"
        " dicts and queues in it.",
        default="refuse",
        example="retain",
    )


class EnvironmentInputs(ResourceInputs):
    """A Modal environment: apps and what they keep, of one stage, apart from those of others."""

    name: EnvironmentName = named("environment", "staging")
    workspace: WorkspaceName = bound()
    web_suffix: SomeSuffix = suffix_field()
    restricted: SomeFlag = restricted_field()
    default_role: SomeRole = default_role_field()
    roles: EnvironmentRoles | None = roles_field()
    on_delete: OnDelete = on_delete_field()


def relations(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Roles that are given where none count; what is not known yet may be as it must."""
    if inputs.get("restricted") not in {None, False}:
        return
    if inputs.get("default_role") is not None:
        yield Problem("default_role", _OPEN)
    roles = inputs.get("roles")
    if isinstance(roles, Mapping) and roles.get("users"):
        yield Problem("roles.users", _OPEN)


class EnvironmentOutputs(ResourceOutputs):
    """What is told of an environment."""

    environment_id: str = says(
        "Modal's id, which stays when it is renamed.", example="en-9R2tQm4LkYh7cXvBnZsE1w"
    )
    suffix: str = says("The web suffix in force, declared or not.", example="staging")
    adopted: bool = says(
        "Whether it was there before this stack: then a destroy leaves it alone.", example="false"
    )
    created_at: str = says("When it was made (UTC).", example="2026-11-24T12:00:00+00:00")


EFFECTS: Final[Effects] = {
    "name": replacement(
        "the name is what finds everything in it: apps move to the new environment, what they keep"
        " does not, and the old one is deleted last"
    ),
    "workspace": replacement("an environment cannot move to another workspace"),
    "web_suffix": in_place("the URLs of its apps change at once, and the old ones answer no more"),
    "restricted": in_place("who may do what changes at once; what runs goes on"),
    "default_role": in_place("who may do what changes at once; what runs goes on"),
    "roles": in_place("who may do what changes at once; what runs goes on"),
    "on_delete": ON_DELETE_EFFECT,
}
