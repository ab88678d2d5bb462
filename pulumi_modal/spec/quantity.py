"""Durations, memory and cores as people write them, in the units that Modal takes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.rules import real_number, whole_number

_SECONDS: Final = {
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
}
_SECONDS_OF: Final = {**_SECONDS, "d": Fraction(86400)}
_MIB: Final = 1024 * 1024
_BYTES: Final = {
    "Mi": _MIB,
    "MiB": _MIB,
    "Gi": 1024 * _MIB,
    "GiB": 1024 * _MIB,
    "Ti": 1024**2 * _MIB,
    "TiB": 1024**2 * _MIB,
    "M": 10**6,
    "MB": 10**6,
    "G": 10**9,
    "GB": 10**9,
    "T": 10**12,
    "TB": 10**12,
}
_AMOUNT: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]*)")
_LARGEST: Final = 10**12


@dataclass(frozen=True)
class Duration:
    """A time in whole seconds: a number of seconds, or "90s", "5m", "1h"."""

    minimum: int
    maximum: int

    @property
    def allowed(self) -> str:
        return (
            f'seconds, or a time like "90s", "5m", "1h", from {self.minimum} s to {self.maximum} s'
        )

    def __call__(self, value: Any) -> int:
        seconds = _time(value, "s", self.allowed)
        if seconds.denominator != 1:
            raise Refusal(
                "is not a whole number of seconds",
                allowed=self.allowed,
                nearest=str(max(self.minimum, min(self.maximum, math.ceil(seconds)))),
            )
        whole = int(seconds)
        if not self.minimum <= whole <= self.maximum:
            word = "below" if whole < self.minimum else "above"
            near = self.minimum if whole < self.minimum else self.maximum
            raise Refusal(f"is {word} {near} s", allowed=self.allowed, nearest=str(near))
        return whole


@dataclass(frozen=True)
class Delay:
    """A time in seconds that may have a fraction: a number of seconds, or "500ms", "2s"."""

    minimum: float
    maximum: float

    @property
    def allowed(self) -> str:
        return (
            f'seconds, or a time like "500ms", "2s", from {self.minimum:g} s to {self.maximum:g} s'
        )

    def __call__(self, value: Any) -> int | float:
        seconds = float(_time(value, "s", self.allowed))
        if not self.minimum <= seconds <= self.maximum:
            near = min(max(seconds, self.minimum), self.maximum)
            raise Refusal("is out of range", allowed=self.allowed, nearest=f"{near:g}")
        return int(seconds) if seconds.is_integer() else seconds


@dataclass(frozen=True)
class Milliseconds:
    """A time in whole milliseconds: a number of milliseconds, or "20ms", "1s"."""

    maximum: int

    @property
    def allowed(self) -> str:
        return f'milliseconds, or a time like "20ms", "1s", from 0 to {self.maximum} ms'

    def __call__(self, value: Any) -> int:
        amount = _time(value, "ms", self.allowed) * 1000
        if amount.denominator != 1 or amount > self.maximum:
            near = min(self.maximum, math.ceil(amount))
            raise Refusal("is not possible", allowed=self.allowed, nearest=str(near))
        return int(amount)


def _time(value: Any, unit: str, allowed: str) -> Fraction:
    """The value in seconds; a bare number is in `unit`."""
    number = real_number(value)
    if number is not None:
        if number < 0:
            raise Refusal("is negative", allowed=allowed)
        if number > _LARGEST:
            raise Refusal("is too long", allowed=allowed)
        return Fraction(str(number)) * _SECONDS_OF[unit]
    found = _AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found and found[2].lower() in _SECONDS_OF:
        return Fraction(found[1]) * _SECONDS_OF[found[2].lower()]
    near = ""
    if found:
        guess = found[2].lower()[:1] if found[2] else unit
        near = f'"{found[1]}{guess}"' if guess in _SECONDS_OF else ""
    raise Refusal("is not a time", allowed=allowed, nearest=near)


@dataclass(frozen=True)
class Mebibytes:
    """An amount of memory or disk in MiB: a number of MiB, or "16Gi", "512Mi", "16GB"."""

    maximum: int | None = None

    @property
    def allowed(self) -> str:
        most = f", up to {self.maximum} MiB" if self.maximum else ""
        return (
            'a whole number of MiB, or a string with a unit: "512Mi", "16Gi" (also MiB, GiB, TiB;'
            f" M, G, T, MB, GB, TB count in thousands){most}"
        )

    def __call__(self, value: Any) -> int:
        amount = _mebibytes(value, self.allowed)
        if amount < 1:
            raise Refusal("is less than 1 MiB", allowed=self.allowed)
        if self.maximum is not None and amount > self.maximum:
            raise Refusal(
                f"is above {self.maximum} MiB", allowed=self.allowed, nearest=str(self.maximum)
            )
        return amount


def _mebibytes(value: Any, allowed: str) -> int:
    number = whole_number(value)
    if number is not None:
        return number
    if not isinstance(value, str):
        raise Refusal("is not an amount of memory", allowed=allowed)
    found = _AMOUNT.fullmatch(value.strip())
    if not found:
        raise Refusal("is not an amount of memory", allowed=allowed)
    amount, unit = found[1], found[2]
    if unit in _BYTES:
        return math.ceil(Fraction(amount) * _BYTES[unit] / _MIB)
    if not unit:
        raise Refusal("has no unit", allowed=allowed, nearest=f'"{amount}Gi"')
    right = {name.lower(): name for name in _BYTES}.get(unit.lower(), "")
    raise Refusal(
        f"has the unknown unit {unit}",
        allowed=allowed,
        nearest=f'"{amount}{right}"' if right else "",
    )


@dataclass(frozen=True)
class Cores:
    """A number of physical cores, each two virtual CPUs."""

    @property
    def allowed(self) -> str:
        return "a number of cores above 0"

    def __call__(self, value: Any) -> int | float:
        number = real_number(value)
        if number is None:
            raise Refusal("is not a number of cores", allowed=self.allowed, nearest=_cores(value))
        if number <= 0:
            raise Refusal("is not above 0", allowed=self.allowed, nearest="0.125")
        return number


def _cores(value: Any) -> str:
    """What `"4"` or `"500m"` would be as a number."""
    found = (
        re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)(m?)", value.strip())
        if isinstance(value, str)
        else None
    )
    if not found:
        return ""
    cores = float(found[1]) / (1000 if found[2] else 1)
    return f"{cores:g}" if cores > 0 else ""


@dataclass(frozen=True)
class RequestAndLimit:
    """One amount, or a list of two: what is reserved, and the limit."""

    rule: Mebibytes | Cores

    @property
    def allowed(self) -> str:
        return f"{self.rule.allowed}; or a list [request, limit]"

    def __call__(self, value: Any) -> int | float | tuple[int | float, int | float]:
        if not isinstance(value, (list, tuple)):
            try:
                return self.rule(value)
            except Refusal as refusal:
                raise Refusal(
                    refusal.message, allowed=self.allowed, nearest=refusal.nearest
                ) from None
        if len(value) != 2:  # noqa: PLR2004 - a pair
            raise Refusal("does not have two items", allowed=self.allowed)
        pair = []
        for at, one in enumerate(value):
            try:
                pair.append(self.rule(one))
            except Refusal as refusal:
                raise refusal.inside(at) from None
        request, limit = pair
        if limit < request:
            raise Refusal(
                f"has a limit ({limit:g}) below its request ({request:g})",
                allowed=self.allowed,
                nearest=f"[{limit:g}, {request:g}]",
            )
        return (request, limit)
