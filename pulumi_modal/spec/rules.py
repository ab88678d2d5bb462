"""The rules of single values: each says what it allows and turns a value into its canonical form.

A rule is called by pydantic (`Annotated[int, PlainValidator(Whole(1, 10))]`); its `allowed` is
the text that refusals and docs/config.md show, so the two cannot differ.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pulumi_modal.spec.problem import nearest_of
from pulumi_modal.spec.refusal import Refusal


class Rule(Protocol):
    """What all rules have."""

    @property
    def allowed(self) -> str:
        """What the rule takes, in a few words."""

    def __call__(self, value: Any) -> Any:
        """The canonical form of the value; raises a Refusal."""


@dataclass(frozen=True)
class Whole:
    """A whole number between bounds."""

    minimum: int
    maximum: int | None = None

    @property
    def allowed(self) -> str:
        if self.maximum is None:
            return f"a whole number, {self.minimum} or more"
        return f"a whole number from {self.minimum} to {self.maximum}"

    def __call__(self, value: Any) -> int:
        number = whole_number(value)
        if number is None:
            text = value.strip() if isinstance(value, str) else ""
            near = text if re.fullmatch(r"\d{1,9}", text) and self._has(int(text)) else ""
            raise Refusal("is not a whole number", allowed=self.allowed, nearest=near)
        if number < self.minimum:
            raise Refusal(
                f"is below {self.minimum}", allowed=self.allowed, nearest=str(self.minimum)
            )
        if self.maximum is not None and number > self.maximum:
            raise Refusal(
                f"is above {self.maximum}", allowed=self.allowed, nearest=str(self.maximum)
            )
        return number

    def _has(self, number: int) -> bool:
        return self.minimum <= number and (self.maximum is None or number <= self.maximum)


@dataclass(frozen=True)
class Real:
    """A number between bounds, both included."""

    minimum: float
    maximum: float

    @property
    def allowed(self) -> str:
        return f"a number from {self.minimum:g} to {self.maximum:g}"

    def __call__(self, value: Any) -> int | float:
        number = real_number(value)
        if number is None:
            raise Refusal("is not a number", allowed=self.allowed)
        if not self.minimum <= number <= self.maximum:
            near = min(max(number, self.minimum), self.maximum)
            raise Refusal("is out of range", allowed=self.allowed, nearest=f"{near:g}")
        return number


@dataclass(frozen=True)
class Flag:
    """True or false."""

    @property
    def allowed(self) -> str:
        return "true or false"

    def __call__(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        near = {"true": "true", "yes": "true", "on": "true", "1": "true"}
        near |= {"false": "false", "no": "false", "off": "false", "0": "false"}
        text = str(value).strip().lower() if isinstance(value, (str, int)) else ""
        raise Refusal("is neither true nor false", allowed=self.allowed, nearest=near.get(text, ""))


@dataclass(frozen=True)
class Choice:
    """One of a few names, whatever its case."""

    names: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return ", ".join(self.names)

    def __call__(self, value: Any) -> str:
        text = value.strip().casefold() if isinstance(value, str) else None
        for name in self.names:
            if name.casefold() == text:
                return name
        raise Refusal(
            "is not one of the choices",
            allowed=self.allowed,
            nearest=nearest_of(value, self.names) if text is not None else "",
        )


@dataclass(frozen=True)
class Text:
    """A string that a pattern describes."""

    pattern: str
    allowed: str
    repair: Callable[[str], str] = str
    """Turns a bad string into what was probably meant."""

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str):
            near = str(value) if isinstance(value, (int, float)) else ""
            near = f'"{near}"' if near and re.fullmatch(self.pattern, near) else ""
            raise Refusal("is not a string", allowed=self.allowed, nearest=near)
        if re.fullmatch(self.pattern, value):
            return value
        near = self.repair(value)
        near = near if re.fullmatch(self.pattern, near) else ""
        raise Refusal("is not accepted by Modal", allowed=self.allowed, nearest=near)


@dataclass(frozen=True)
class OneOrMore:
    """A value, or a list of such values; one value alone is the canonical form of a list of one."""

    rule: Rule

    @property
    def allowed(self) -> str:
        return f"one or a list of: {self.rule.allowed}"

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return self.rule(value)
        if not value:
            raise Refusal("is empty; remove the key or name one", allowed=self.allowed)
        found = tuple(each(self.rule, value))
        return found[0] if len(found) == 1 else found


@dataclass(frozen=True)
class ListOf:
    """A list of values."""

    rule: Rule

    @property
    def allowed(self) -> str:
        return f"a list of: {self.rule.allowed}"

    def __call__(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            near = f"[{value}]" if isinstance(value, str) and value else ""
            raise Refusal("is not a list", allowed=self.allowed, nearest=near)
        if not value:
            raise Refusal("is empty; remove the key or name one", allowed=self.allowed)
        return tuple(each(self.rule, value))


def each(rule: Rule, values: Sequence[Any]) -> list[Any]:
    """All values by the rule; a refusal says which one."""
    found = []
    for at, value in enumerate(values):
        try:
            found.append(rule(value))
        except Refusal as refusal:
            raise refusal.inside(at) from None
    return found


def whole_number(value: Any) -> int | None:
    """The value as an int when it is a whole number; no strings, no booleans."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not (math.isfinite(value) and value.is_integer()):
        return None
    return int(value)


def real_number(value: Any) -> int | float | None:
    """The value as a number, whole where it can be; no strings, no booleans, no infinity."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else value
