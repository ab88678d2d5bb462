"""The autoscaler's bounds of an app's functions: the only settings that change without a deploy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi_modal.gateway.port import Gateway
from pulumi_modal.provider.app_drift import Functions
from pulumi_modal.provider.props import Props

_AT_REST: Final[Mapping[str, Any]] = {
    "min_containers": 0,
    "max_containers": 0,  # how Modal writes "no limit"
    "buffer_containers": 0,
    "scaledown_window": 60,
}
BOUNDS: Final = tuple(_AT_REST)


def mend(gateway: Gateway, inputs: Props, functions: Functions, deployed: Props) -> bool:
    """Set every bound in force that is not as declared; whether there was one.

    `deployed`: what is kept of the last deploy. A bound that was declared then and is not any more
    goes back to rest.
    """
    mended = False
    for name, one in functions.items():
        if one is None:
            continue
        wanted = inputs["functions"][name]
        before = deployed.get("functions", {}).get(name)
        if before is not None:
            declared = deployed.get("declared", {}).get(name, {})
            gone = {key for key in BOUNDS if key in declared and key not in wanted}
            before = {key: value for key, value in before.items() if key not in gone}
        wrong = wrong_bounds(wanted, one.settings, before)
        if wrong:
            gateway.set_bounds(one.function_id, wrong)
            mended = True
    return mended


def wrong_bounds(
    wanted: Mapping[str, Any], now: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Bounds in force that are neither declared nor what they were after the last deploy.

    Before a first deploy of this stack (None) only those that are declared can be wrong.
    """
    found = {}
    for name, at_rest in _AT_REST.items():
        in_force = now.get(name, at_rest)
        known = in_force if before is None else before.get(name, at_rest)
        right = wanted.get(name, known)
        if in_force != right:
            found[name] = right
    return found
