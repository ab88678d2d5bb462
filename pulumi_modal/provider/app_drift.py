"""How the deployed app differs from what this stack deployed last. Pure.

A state keeps what was deployed and what Modal said right after it (`__deployed`). Later answers are
compared with those, not with the inputs: so a field that Modal cannot read back, or writes in
another way than it was told, is never taken for drift; and drift that was undone is gone again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi_modal.gateway.port import Deployment, ObservedFunction
from pulumi_modal.provider.app_inputs import inputs_of
from pulumi_modal.provider.props import Props

DEPLOYED: Final = "__deployed"
DRIFT: Final = "drift"
"""Input that only a refresh sets: what happened to the app behind Pulumi's back."""

Functions = Mapping[str, ObservedFunction | None]


def deployed_state(inputs: Props, deployment: Deployment, functions: Functions) -> dict[str, Any]:
    """What is kept of a deploy and of Modal's answers after it."""
    return {
        "app_id": deployment.app_id,
        "version": deployment.version,
        "declared": inputs["functions"],
        "functions": {name: dict(one.settings) for name, one in functions.items() if one},
    }


def deployed_inputs(outs: Props) -> dict[str, Any]:
    """The inputs that this stack deployed last, without what an earlier refresh made of them."""
    declared = outs.get(DEPLOYED, {}).get("declared")
    return {**inputs_of(outs), **({"functions": declared} if declared else {})}


def drifted_inputs(
    inputs: Props, outs: Props, found: Deployment, functions: Functions
) -> dict[str, Any]:
    """The inputs as they would have to be for what is deployed now."""
    before = {"app_id": outs.get("app_id"), **outs.get(DEPLOYED, {})}
    seen = before.get("functions", {})
    changed = {name: value for name, value in inputs.items() if name != DRIFT}
    changed["functions"] = {
        name: _as_deployed(settings, seen.get(name), functions.get(name))
        for name, settings in inputs.get("functions", {}).items()
        if functions.get(name) is not None or name not in seen
    }
    drift = _redeployed(before, found)
    return {**changed, DRIFT: drift} if drift else changed


def _redeployed(before: Mapping[str, Any], found: Deployment) -> dict[str, str]:
    who = f" by {found.deployed_by}" if found.deployed_by else ""
    now = f"version {found.version} of {found.app_id} was deployed{who}, not by this stack"
    if before.get("app_id") not in (None, found.app_id):
        return {"app": f"{now}: it deployed {before['app_id']}"}
    if before.get("version") not in (None, found.version):
        return {"version": f"{now}: it deployed version {before['version']}"}
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
