"""The environment of a stack: its name alone, or with settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator

from pulumi_modal.spec.model import Frozen, JsonValue
from pulumi_modal.spec.naming import ENVIRONMENT_NAME
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.resources.environment import (
    EnvironmentRoles,
    SomeFlag,
    SomeRole,
    SomeSuffix,
    default_role_field,
    on_delete_field,
    relations,
    restricted_field,
    roles_field,
    suffix_field,
)
from pulumi_modal.spec.resources.model import OnDelete, YesNo, says
from pulumi_modal.spec.validation import check

PATH = "environment"


class EnvironmentSpec(Frozen):
    """The environment of a stack, with what is declared of it."""

    name: Annotated[str, PlainValidator(ENVIRONMENT_NAME)] = says(
        "Its name in Modal.", example="staging"
    )
    web_suffix: SomeSuffix = suffix_field()
    restricted: SomeFlag = restricted_field()
    default_role: SomeRole = default_role_field()
    roles: EnvironmentRoles | None = roles_field()
    on_delete: OnDelete = on_delete_field()
    protect: YesNo = says(
        "Refuse every operation that would delete it, until this is taken away again.",
        default=False,
        words="false",
        example="true",
    )

    def settings(self) -> dict[str, JsonValue]:
        """What the resource takes beside name and workspace."""
        return {
            key: value for key, value in self.canonical().items() if key not in {"name", "protect"}
        }

    def written(self) -> JsonValue:
        """As it is written in a stack file: the name, when that is all there is to say."""
        said = {**self.canonical(), "protect": self.protect}
        usual = {"on_delete": "refuse", "protect": False}
        kept = {key: value for key, value in said.items() if value != usual.get(key)}
        return self.name if set(kept) == {"name"} else kept


@dataclass(frozen=True)
class ReadEnvironment:
    """What became of the environment of a stack file."""

    spec: EnvironmentSpec | None
    problems: tuple[Problem, ...] = ()


def read_environment(raw: Mapping[str, Any]) -> ReadEnvironment:
    """The environment that is written as a map."""
    checked = check(EnvironmentSpec, raw, PATH)
    problems = list(checked.problems)
    if checked.model is not None:
        problems += [
            Problem(f"{PATH}.{one.path}", one.message)
            for one in relations(checked.model.canonical())
        ]
    return ReadEnvironment(checked.model or checked.partial, tuple(problems))
