"""What all models of a stack have in common, and how a field says what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

JsonValue = Any
"""A JSON value: str, int, float, bool, None, list or dict of these."""


class Frozen(BaseModel):
    """A part of a stack: cannot change, and knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    absent: ClassVar[tuple[object, ...]] = (None, (), [], {})

    def canonical(self) -> dict[str, JsonValue]:
        """The keys that say something, as canonical JSON: reading it again gives the same."""
        found = {name: plain(getattr(self, name)) for name in type(self).model_fields}
        return {name: value for name, value in found.items() if value not in self.absent}


def key(
    doc: str, *, default: str = "", example: str = "", unit: str = "", allowed: str = ""
) -> Any:
    """An optional key of a stack: what it is, what holds without it, and how it is written.

    `allowed` is only for maps: the rule of a single value says it itself.
    """
    return Field(
        default=None,
        description=doc,
        json_schema_extra={
            "default": default,
            "example": example,
            "unit": unit,
            "allowed": allowed,
        },
    )


def none_if_empty(value: Any) -> Any:
    """A map without keys says as much as no map."""
    said = value.canonical() if isinstance(value, Frozen) else value
    return value if said else None


def plain(value: Any) -> JsonValue:
    """A value of a model as JSON."""
    if isinstance(value, Frozen):
        return value.canonical()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    return value
