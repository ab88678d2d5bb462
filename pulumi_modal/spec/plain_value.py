"""Values of a stack file that are passed on as they are: inputs of a call, expected answers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pulumi_modal.spec.model import JsonValue, plain
from pulumi_modal.spec.refusal import Refusal

MOST_BYTES: Final = 16 * 1024
"""A value is part of the state, and of every diff."""


@dataclass(frozen=True)
class PlainValue:
    """Any JSON value of a bearable size; `kind` narrows it to a list or a map."""

    kind: type | None = None

    @property
    def allowed(self) -> str:
        """What the rule takes, in a few words."""
        if self.kind is list:
            return "a list of values"
        if self.kind is dict:
            return "a map from names to values"
        return "a text, number, true, false, list or map"

    def __call__(self, value: Any) -> JsonValue:
        """The value itself; raises a Refusal."""
        found = plain(value)
        if self.kind is not None and not isinstance(found, self.kind):
            raise Refusal(f"is not {self.allowed}", allowed=self.allowed)
        if not is_json(found):
            raise Refusal("holds what JSON cannot say", allowed=self.allowed)
        size = len(json.dumps(found))
        if size > MOST_BYTES:
            raise Refusal(f"is longer than {MOST_BYTES} bytes", allowed=self.allowed)
        return found


def is_json(value: Any) -> bool:
    """True when the value survives JSON unchanged."""
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and is_json(one) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return all(is_json(one) for one in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, int, bool))
