"""What the models of all resources have in common, and what a change of an input does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator
from pydantic_core import PydanticUndefined

from pulumi_modal.spec.model import Frozen
from pulumi_modal.spec.naming import ENVIRONMENT_NAME, OBJECT_NAME, WORKSPACE_NAME
from pulumi_modal.spec.rules import Choice, Flag

LOCAL: Final = "local"
ObjectName = Annotated[str, PlainValidator(OBJECT_NAME)]
EnvironmentName = Annotated[str, PlainValidator(ENVIRONMENT_NAME)]
WorkspaceName = Annotated[str, PlainValidator(WORKSPACE_NAME)]
YesNo = Annotated[bool, PlainValidator(Flag())]
OnDelete = Annotated[
    Literal["refuse", "retain", "force"], PlainValidator(Choice(("refuse", "retain", "force")))
]


class ResourceInputs(Frozen):
    """What a resource is declared with."""


class ResourceOutputs(Frozen):
    """What a resource tells beside its inputs."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of an input does, and why no less than that."""

    kind: Literal["nothing deployed", "in place", "rollover", "new version", "replacement"]
    reason: str


Effects = Mapping[str, Effect]


def nothing(reason: str) -> Effect:
    """Kept in the state alone, for the next version."""
    return Effect("nothing deployed", reason)


def rollover(reason: str) -> Effect:
    """New containers of what is deployed."""
    return Effect("rollover", reason)


def new_version(reason: str) -> Effect:
    """A deploy, unless less will do."""
    return Effect("new version", reason)


def in_place(reason: str) -> Effect:
    """The object stays, and is changed."""
    return Effect("in place", reason)


def replacement(reason: str) -> Effect:
    """Another object takes its place."""
    return Effect("replacement", reason)


def says(  # noqa: PLR0913  # everything that a reader of a table wants to know of a field
    doc: str,
    *,
    default: Any = PydanticUndefined,
    default_factory: Any = None,
    words: str = "",
    example: str = "",
    unit: str = "",
    allowed: str = "",
    secret: bool = False,
) -> Any:
    """A field of a resource: what it is, what holds without it (`words`), and how it is written.

    `allowed` is only for maps: the rule of a single value says it itself.
    """
    if not words:
        words = "required" if default is PydanticUndefined else f"`{_written(default)}`"
    made = {"default": default} if default_factory is None else {"default_factory": default_factory}
    return Field(
        **made,
        description=doc,
        json_schema_extra={
            "default": words,
            "example": example,
            "unit": unit,
            "allowed": allowed,
            "secret": secret,
        },
    )


def named(noun: str, example: str) -> Any:
    """The name of an object in Modal."""
    return says(f"Name of the {noun} in Modal.", words="the resource's name", example=example)


def placed(noun: str) -> Any:
    """The environment of an object."""
    return says(f"Modal environment that the {noun} belongs to.", example="dev")


def bound() -> Any:
    """The workspace of an object."""
    return says(
        "Modal workspace; `local` is the project's own local Modal. Credentials of another one are"
        " refused.",
        default=LOCAL,
        example="acme",
    )


def kept(noun: str) -> Any:
    """What a destroy does with an object that holds something."""
    return says(
        f"What a delete does: `refuse` deletes the {noun} only when it is empty, `retain` leaves it"
        " in Modal and forgets it, `force` deletes it with all that is in it.",
        default="refuse",
        example="retain",
    )


PLACE_EFFECTS: Final[Effects] = {
    "name": replacement("the name is what finds it: another name is another object"),
    "environment": replacement("an object cannot move to another environment"),
    "workspace": replacement("an object cannot move to another workspace"),
}
ON_DELETE_EFFECT: Final = in_place("only remembered for the delete; nothing changes in Modal")


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
