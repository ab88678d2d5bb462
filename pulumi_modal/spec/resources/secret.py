"""What `Secret` takes and tells, and which revision each of its values is of.

Nothing that is told of a value is made of the value: see `revised`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator

from pulumi_modal.spec.naming import EnvironmentVariable
from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.resources.model import (
    PLACE_EFFECTS,
    Effects,
    EnvironmentName,
    ObjectName,
    ResourceInputs,
    ResourceOutputs,
    WorkspaceName,
    YesNo,
    bound,
    in_place,
    named,
    placed,
    says,
)

_DIGITS: Final = 12


@dataclass(frozen=True)
class SecretValue:
    """The value of a variable in a secret; a refusal never shows it."""

    @property
    def allowed(self) -> str:
        return "a string, also of several lines"

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Refusal("is not a string", allowed=self.allowed)
        if "\0" in value:
            raise Refusal("holds a NUL character", allowed=self.allowed)
        return value


SecretValues = Mapping[
    Annotated[str, PlainValidator(EnvironmentVariable())],
    Annotated[str, PlainValidator(SecretValue())],
]


class SecretInputs(ResourceInputs):
    """A named secret: environment variables that functions are given by its name."""

    name: ObjectName = named("secret", "huggingface")
    environment: EnvironmentName = placed("secret")
    workspace: WorkspaceName = bound()
    values: SecretValues = says(
        "The variables, by name. Kept in the state as a Pulumi secret, whatever they come from, and"
        " shown nowhere. A variable that is left out is removed from the secret.",
        default_factory=dict,
        words="none",
        example='{HF_TOKEN: config.require_secret("hf_token")}',
        allowed="a map from variables to strings",
        secret=True,
    )
    adopt: YesNo = says(
        "Take over a secret of this name that is there with other variables, and replace them. One"
        " with the same variables is taken over in any case: it may be left of a create that was"
        " cut off.",
        default=False,
        example="true",
    )
    revision: int | None = Field(default=None, description="Worked out by the provider.")
    revisions: Mapping[str, int] = Field(
        default_factory=dict, description="Worked out by the provider."
    )


COMPUTED: Final = ("revision", "revisions")
"""Inputs that the provider works out: no argument of the resource."""


class SecretOutputs(ResourceOutputs):
    """What is told of a secret; nothing of it is made of a value."""

    secret_id: str = says("Modal's id.", example="st-4KvmNqUyVtF1bnpZ0hTQxK")
    keys: tuple[str, ...] = says("Names of the variables that it has in Modal.", example="[TOKEN]")
    digest: str = says(
        "Changes with every change of the secret: a trigger for what must roll over then.",
        example="5c1e0f2a9b7d",
    )
    revision: int = says("Counts the changes of values, from 1.", example="2")
    revisions: Mapping[str, int] = says(
        "By variable, the revision in which its value changed last: how a diff shows a change of a"
        " value without the value.",
        example="{HF_TOKEN: 2}",
    )
    created_at: str = says("When it was made (UTC).", example="2026-11-24T12:00:00+00:00")


EFFECTS: Final[Effects] = {
    **PLACE_EFFECTS,
    "values": in_place("written as a whole; containers started from then on have it"),
    "revisions": in_place("written as a whole; containers started from then on have it"),
    "adopt": in_place("only looked at when somebody else's secret has the name"),
}


def revised(olds: Mapping[str, Any], values: Any) -> dict[str, Any]:
    """`revision` and `revisions` of these values, after the inputs of before.

    A value that is not the one of before is of a new revision, and so is one with nothing known
    before it. A value that is not known yet (not a string) has a revision that is not known yet;
    with values that are not known as a whole (no map) nothing is.
    """
    if not isinstance(values, Mapping):
        return {"revision": values, "revisions": values}
    before, known = olds.get("values") or {}, olds.get("revisions") or {}
    last = int(olds.get("revision") or 0)
    changed = [key for key, value in values.items() if key not in known or before.get(key) != value]
    is_same = not changed and {*known} == {*values}
    now = last if is_same and last else last + 1
    revisions = {
        key: known[key] if key not in changed else _revision_of(values[key], now)
        for key in sorted(values)
    }
    return {"revision": now, "revisions": revisions}


def _revision_of(value: Any, now: int) -> Any:
    return now if isinstance(value, str) else value


def digest_of(secret_id: str, revision: int) -> str:
    """A mark of what is in a secret, made of its id and the count of its changes."""
    text = json.dumps([secret_id, revision])
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
