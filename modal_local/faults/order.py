"""One ordered fault: the n-th call of an RPC is slow, refused, held, or answered into the void."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from modal_local.errors import Invalid

STATUSES: Final = (
    "ABORTED",
    "ALREADY_EXISTS",
    "DEADLINE_EXCEEDED",
    "FAILED_PRECONDITION",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
)
LONGEST_S: Final = 3600.0


class Effect(StrEnum):
    """What happens to a call that an order is about."""

    WATCH = "watch"
    """Nothing: it is only counted, so that somebody can wait for it."""
    SLOW = "slow"
    """It waits before it begins."""
    REFUSE = "refuse"
    """It is answered with a status; nothing has happened."""
    LOSE_REPLY = "lose-reply"
    """It is carried out; then the connection is reset in place of the answer."""
    HOLD = "hold"
    """It waits until it is released; nothing has happened yet."""
    HOLD_REPLY = "hold-reply"
    """It is carried out; the answer waits until it is released."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to go wrong."""

    rpc: str
    effect: Effect
    nth: int = 1
    """Of the calls since the order was given that it is about; the first is 1."""
    times: int = 1
    """So many calls in a row, from the n-th on."""
    about: str = ""
    """Only calls that say this: a field, a header, or the name of the app that an id is of."""
    slow_s: float = 0.0
    status: str = "UNAVAILABLE"

    def concerns(self, count: int) -> bool:
        """Whether it is about the call of this number."""
        return self.nth <= count < self.nth + self.times


def parse_order(values: Mapping[str, object], rpcs: Collection[str]) -> Order:
    """An order as somebody wrote it. Raises Invalid."""
    known = {field.name for field in fields(Order)}
    for name in values:
        if name not in known:
            raise Invalid(f"an order has no '{name}': it has {', '.join(sorted(known))}")
    order = Order(
        rpc=_one_of(str(values.get("rpc", "")), rpcs, "RPC"),
        effect=Effect(_one_of(str(values.get("effect", "")), [*Effect], "effect")),
        nth=_whole(values.get("nth", 1), "nth"),
        times=_whole(values.get("times", 1), "times"),
        about=str(values.get("about", "")),
        slow_s=_seconds(values.get("slow_s", 0.0)),
        status=_one_of(str(values.get("status", "UNAVAILABLE")).upper(), STATUSES, "status"),
    )
    if (order.effect is Effect.SLOW) != (order.slow_s > 0):
        raise Invalid(f"slow_s belongs to the effect slow, and only there: {order.effect}")
    return order


def _one_of(value: str, allowed: Collection[str], what: str) -> str:
    if value in allowed:
        return value
    near = difflib.get_close_matches(value, [*allowed], n=1, cutoff=0.4)
    hint = f": did you mean {near[0]}?" if near else ""
    raise Invalid(f"there is no {what} '{value}'{hint}")


def _whole(value: object, what: str) -> int:
    number = _number(value, what)
    if number < 1 or number != int(number):
        raise Invalid(f"{what} counts from 1: {value}")
    return int(number)


def _seconds(value: object) -> float:
    seconds = _number(value, "slow_s")
    if not 0 <= seconds <= LONGEST_S:
        raise Invalid(f"slow_s is between 0 and {LONGEST_S:g} seconds: {value}")
    return seconds


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid(f"{what} is a number: {value}")
    return float(value)
