"""How often, and how fast, Modal runs a failed input again. Limits: modal 1.6.4, `retries.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator

from pulumi_modal.spec.model import Frozen, JsonValue, key
from pulumi_modal.spec.problem import nearest_of
from pulumi_modal.spec.quantity import Delay
from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.rules import Real, Rule, Whole

MOST_RETRIES = 10


class Retries(Frozen):
    """All four numbers of `modal.Retries`."""

    max_retries: Annotated[int | None, PlainValidator(Whole(0, MOST_RETRIES))] = key(
        "How often a failed input runs again; required.", example="3"
    )
    backoff_coefficient: Annotated[float | None, PlainValidator(Real(1, 10))] = key(
        "Each delay is the last one times this.", default="2", example="2.0"
    )
    initial_delay: Annotated[float | None, PlainValidator(Delay(0, 60))] = key(
        "Time before the first retry.", default="1", unit="s", example="500ms"
    )
    max_delay: Annotated[float | None, PlainValidator(Delay(1, 60))] = key(
        "Longest time between retries.", default="60", unit="s", example="30s"
    )


_RULES: Mapping[str, Rule] = {
    "max_retries": Whole(0, MOST_RETRIES),
    "backoff_coefficient": Real(1, 10),
    "initial_delay": Delay(0, 60),
    "max_delay": Delay(1, 60),
}


@dataclass(frozen=True)
class RetryRule:
    """A count (a second between tries), or a map with the numbers of `Retries`."""

    @property
    def allowed(self) -> str:
        return f"a count from 0 to {MOST_RETRIES}, or a map with {', '.join(_RULES)}"

    def __call__(self, value: Any) -> int | dict[str, JsonValue]:
        if not isinstance(value, Mapping):
            try:
                return Whole(0, MOST_RETRIES)(value)
            except Refusal as refusal:
                raise Refusal(
                    refusal.message, allowed=self.allowed, nearest=refusal.nearest
                ) from None
        if "max_retries" not in value:
            raise Refusal("has no max_retries", allowed=self.allowed)
        return {str(name): self._one(name, one) for name, one in value.items()}

    def _one(self, name: Any, value: Any) -> Any:
        if name not in _RULES:
            raise Refusal(
                f"has the unknown key {name}",
                allowed=self.allowed,
                nearest=nearest_of(name, _RULES),
            )
        try:
            return _RULES[name](value)
        except Refusal as refusal:
            raise refusal.inside(name) from None
