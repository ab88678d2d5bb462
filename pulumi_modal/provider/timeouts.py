"""How long an operation may take: `custom_timeouts`, also where the host does not hand them on.

Pulumi's own host for dynamic providers drops them, so an App writes them among its inputs too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pulumi_modal.provider.operation import Operation
from pulumi_modal.provider.props import Props

TIMEOUTS: Final = "timeouts"
VERBS: Final = ("create", "update", "delete")
_UNITS: Final[Mapping[str, float]] = {
    "h": 3600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
}
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|us|µs|ns|m|s)")


def within(operation: Operation, props: Props, verb: str) -> Operation:
    """The operation with the time that its resource gives to this verb."""
    said = (props.get(TIMEOUTS) or {}).get(verb)
    return operation if operation.timeout_s or not said else replace(operation, timeout_s=said)


def declared(timeouts: Any) -> dict[str, float] | None:
    """Seconds by verb, of `custom_timeouts`; None when nothing is said."""
    told = {verb: getattr(timeouts, verb, None) for verb in VERBS}
    found = {verb: seconds(text) for verb, text in told.items() if text}
    return {verb: s for verb, s in found.items() if s} or None


def seconds(text: str) -> float:
    """A time as Pulumi writes it (`1h30m`, `90s`); 0 for what the engine will refuse."""
    parts = _PART.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        return 0.0
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
