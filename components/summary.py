"""A service in a few words, from the effective settings of its functions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modal.spec.effective import derive_max_in_flight

Functions = Mapping[str, Mapping[str, Any]]


def gpu_of(functions: Functions | None) -> str:
    """The GPU of the service: one, or by function when they differ, or `none`."""
    known = functions or {}  # there are none under the mocks of a unit test
    found = {name: _gpu(settings["gpu"]) for name, settings in known.items() if settings.get("gpu")}
    kinds = set(found.values())
    if len(kinds) < 2:  # noqa: PLR2004 - one kind, or none at all
        return kinds.pop() if kinds else "none"
    return ", ".join(f"{name}: {gpu}" for name, gpu in sorted(found.items()))


def _gpu(value: Any) -> str:
    return value if isinstance(value, str) else " or ".join(value)


def max_in_flight_of(functions: Functions | None) -> int | None:
    """Requests the service takes at a time: of its web endpoints, or of all functions without any.

    None when one of them has no limit.
    """
    known = functions or {}
    entries = [one for one in known.values() if one.get("web")] or list(known.values())
    caps = [derive_max_in_flight(settings) for settings in entries]
    if not caps or None in caps:
        return None
    return sum(cap for cap in caps if cap is not None)
