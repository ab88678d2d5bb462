"""How the deployed app differs from what this stack deployed last. Pure.

A state keeps what was deployed and what Modal said right after it (`__deployed`). Later answers are
compared with those, not with the inputs: so a field that Modal cannot read back, or writes in
another way than it was told, is never taken for drift; and drift that was undone is gone again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_modal.gateway.port import Deployment, ObservedFunction, Version
from pulumi_modal.provider.app_inputs import inputs_of
from pulumi_modal.provider.happened import happened
from pulumi_modal.provider.props import Props
from pulumi_modal.spec.effective import derive_max_in_flight

DEPLOYED: Final = "__deployed"
DRIFT: Final = "drift"
"""Input that only a refresh sets: what happened to the app behind Pulumi's back."""

Functions = Mapping[str, ObservedFunction | None]
_HOW: Final[Mapping[str, str]] = {
    "deploy": "deployed, not by this stack",
    "rollback": "rolled back to version {repeats}",
    "rollover": "rolled over: version {repeats} again, in new containers",
    "promotion": "version {repeats}, which was staged, was promoted",
}


@dataclass(frozen=True)
class Seen:
    """What Modal says of an app now."""

    deployment: Deployment
    functions: Functions
    versions: tuple[Version, ...] = ()
    """Its history, where the version in force is not this stack's."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Id of each secret and volume that it needs; empty for one that is gone."""
    canary: str = ""
    """The app of a canary that an interrupted update has left."""


def deployed_state(
    inputs: Props,
    deployment: Deployment,
    functions: Functions,
    needs: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What is kept of a deploy and of Modal's answers after it."""
    return {
        "app_id": deployment.app_id,
        "version": deployment.version,
        "declared": inputs["functions"],
        "functions": {name: dict(one.settings) for name, one in functions.items() if one},
        **({"needs": dict(needs)} if needs else {}),
    }


def deployed_inputs(outs: Props) -> dict[str, Any]:
    """The inputs that this stack deployed last, without what an earlier refresh made of them."""
    declared = outs.get(DEPLOYED, {}).get("declared")
    return {**inputs_of(outs), **({"functions": declared} if declared else {})}


def is_as_deployed(outs: Props, found: Deployment) -> bool:
    """True when the version in force is the one that this stack deployed last."""
    before = _before(outs)
    return before.get("app_id") in (None, found.app_id) and before.get("version") in (
        None,
        found.version,
    )


def drifted_inputs(inputs: Props, outs: Props, seen: Seen) -> dict[str, Any]:
    """The inputs as they would have to be for what is deployed now."""
    before = _before(outs)
    known = before.get("functions", {})
    changed = {name: value for name, value in inputs.items() if name != DRIFT}
    changed["functions"] = {
        name: _as_deployed(settings, known.get(name), seen.functions.get(name))
        for name, settings in inputs.get("functions", {}).items()
        if seen.functions.get(name) is not None or name not in known
    }
    drift = {**_redeployed(outs, before, seen), **_lost(before.get("needs", {}), seen.needs)}
    if seen.canary:
        drift["canary"] = happened("left by an `up` that was cut off", found=seen.canary)
    return {**changed, DRIFT: drift} if drift else changed


def _before(outs: Props) -> Mapping[str, Any]:
    return {"app_id": outs.get("app_id"), **outs.get(DEPLOYED, {})}


def _redeployed(outs: Props, before: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    """What was deployed instead, by whom and when."""
    found = seen.deployment
    if is_as_deployed(outs, found):
        return {}
    last = next((one for one in seen.versions if one.number == found.version), None)
    last = last or Version(found.version, deployed_by=found.deployed_by)
    is_another_app = before.get("app_id") != found.app_id
    how = _HOW.get(last.kind, _HOW["deploy"]).format(repeats=last.repeats)
    return {
        "app" if is_another_app else "version": happened(
            "stopped, and deployed anew under its name" if is_another_app else how,
            declared=before.get("app_id") if is_another_app else before.get("version"),
            found=found.app_id if is_another_app else found.version,
            by=last.deployed_by,
            at=last.deployed_at,
            commit=last.commit,
            client_version=last.client_version,
            tag=last.tag,
        )
    }


def _lost(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, Any]:
    """Secrets and volumes that are not there, or not those that were deployed with."""
    found = {}
    for need, id_ in now.items():
        known = before.get(need)
        if not id_:
            found[need] = happened("is gone, or lacks a key that the code asks for", declared=known)
        elif known and known != id_:
            found[need] = happened("is another one of that name", declared=known, found=id_)
    return found


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
    if "max_in_flight" in found and derive_max_in_flight(found) != derive_max_in_flight(settings):
        found["max_in_flight"] = derive_max_in_flight(found)  # it follows from the others
        if found["max_in_flight"] is None:
            del found["max_in_flight"]
    return found
