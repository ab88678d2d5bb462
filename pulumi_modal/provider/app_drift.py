"""How the deployed app differs from what this stack deployed last. Pure.

A state keeps what Modal said right after the deploy (`__deployed`). Later answers are compared with
that, not with the inputs: so a field that Modal cannot read back, or writes in another way than it
was told, is never taken for drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi_modal.gateway.port import Deployment, ObservedFunction
from pulumi_modal.provider.props import Props

DEPLOYED: Final = "__deployed"
DRIFT: Final = "drift"
"""Input that only a refresh sets: what happened to the app behind Pulumi's back."""

Functions = Mapping[str, ObservedFunction | None]


def deployed_state(deployment: Deployment, functions: Functions) -> dict[str, Any]:
    """What is kept of Modal's answers after a deploy."""
    return {
        "app_id": deployment.app_id,
        "version": deployment.version,
        "functions": {name: dict(one.settings) for name, one in functions.items() if one},
    }


def drifted_inputs(
    inputs: Props, outs: Props, found: Deployment, functions: Functions
) -> dict[str, Any]:
    """The inputs as they would have to be for what is deployed now."""
    before = outs.get(DEPLOYED, {})
    changed = {name: value for name, value in inputs.items() if name != DRIFT}
    changed["functions"] = {
        name: _as_deployed(settings, before.get("functions", {}).get(name), functions.get(name))
        for name, settings in inputs.get("functions", {}).items()
        if functions.get(name) is not None
    }
    drift = _redeployed(before, found)
    return {**changed, DRIFT: drift} if drift else changed


def _redeployed(before: Mapping[str, Any], found: Deployment) -> dict[str, str]:
    who = f" by {found.deployed_by}" if found.deployed_by else ""
    now = f"version {found.version} of {found.app_id} was deployed{who}, not by this stack"
    if before.get("app_id") != found.app_id:
        return {"app": f"{now}: it deployed {before.get('app_id') or 'nothing yet'}"}
    if before.get("version") != found.version:
        return {"version": f"{now}: it deployed version {before.get('version')}"}
    return {}


def _as_deployed(
    settings: Mapping[str, Any], before: Mapping[str, Any] | None, now: ObservedFunction | None
) -> dict[str, Any]:
    found = dict(settings)
    if before is None or now is None:
        return found
    for key in before.keys() | now.settings.keys():
        if before.get(key) == now.settings.get(key):
            continue
        if key in now.settings:
            found[key] = now.settings[key]
        else:
            found.pop(key, None)
    if found.get("max_containers") != settings.get("max_containers"):
        found.pop("max_in_flight", None)  # it follows from the others
    return found
