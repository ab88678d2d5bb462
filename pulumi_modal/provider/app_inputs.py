"""The inputs of an App, written out complete.

A complete set has, beside what the user says (source, app_name, environment, workspace, app,
strategy, tag, probe, on_failure, canary, triggers, adopt, owner, timeouts), what the plan of the
file found:

- `functions`: every function, class or server with its effective settings and its `kind`;
- `code`: for exactly the settings that the stack sets, the value in the code. So the stack's value
  is the effective one wherever `code` has the key, and the code's everywhere else;
- `digest`: what a deploy would upload, in parts;
- `needs`: named secrets (with the keys they must have) and volumes;
- `sdk_version`.

What the stack sets is not kept a second time: a deploy reads it from `functions` and `code`, and
so does what a preview shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pulumi_modal.provider.props import Props
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import Plan

SAID: Final = (
    "source",
    "app_name",
    "environment",
    "workspace",
    "app",
    "strategy",
    "tag",
    "probe",
    "on_failure",
    "canary",
    "triggers",
    "web_suffix",
    "adopt",
    "owner",
    "timeouts",
)
PLANNED: Final = ("functions", "code", "digest", "needs", "sdk_version")
MOST_FILES: Final = 50
"""Uploaded files that a state file lists one by one; more are one digest."""

_OFF: Final[Mapping[str, Any]] = {"nonpreemptible": False, "retries": 0}
"""Settings that a plan leaves out when they are switched off."""

_NONE: Final[Mapping[str, Any]] = {}


def completed(said: Props, plan: Plan) -> dict[str, Any]:
    """Complete inputs, from what was said and the plan that was made of it."""
    inputs = {name: said[name] for name in SAID if said.get(name) not in (None, "", {})}
    functions = sorted(plan.functions.items())
    return inputs | {
        "functions": {name: {"kind": one.kind, **one.effective} for name, one in functions},
        "code": {name: dict(one.code) for name, one in functions if one.code},
        "digest": _digest(plan),
        "needs": _needs(plan),
        "sdk_version": plan.sdk_version,
    }


def is_complete(inputs: Props) -> bool:
    """True when the program has planned the file already."""
    return all(name in inputs for name in PLANNED)


def inputs_of(outs: Props) -> dict[str, Any]:
    """The inputs among the outputs of an App."""
    return {name: outs[name] for name in (*SAID, *PLANNED) if name in outs}


def plan_request(
    inputs: Props, overrides: Mapping[str, Any], root: Path, settings: Mapping[str, Any] = _NONE
) -> PlanRequest:
    """What to load, for planning and for deploying."""
    return PlanRequest(
        source=inputs["source"],
        root=root,
        app_name=inputs["app_name"],
        environment=inputs.get("environment") or "",  # without one it is refused, see binding.py
        app=inputs.get("app") or "",
        overrides=overrides,
        settings=settings,
    )


def deploy_request(inputs: Props, root: Path) -> PlanRequest:
    """What to deploy: the file with the stack's settings over the code."""
    return plan_request(inputs, overrides_of(inputs["functions"], inputs["code"]), root)


def overrides_of(functions: Mapping[str, Any], code: Mapping[str, Any]) -> dict[str, Any]:
    """What the stack sets: the effective values of the settings that `code` tells apart."""
    return {
        name: dict(_set_by_stack(functions[name], said))
        for name, said in code.items()
        if name in functions
    }


def _set_by_stack(
    effective: Mapping[str, Any], code: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    for key, value in code.items():
        if key == "secrets":
            pairs = zip(value, effective.get(key, ()), strict=False)
            yield key, {old: new for old, new in pairs if old != new}
        elif key in effective:
            yield key, effective[key]
        elif key in _OFF:
            yield key, _OFF[key]


def _digest(plan: Plan) -> dict[str, Any]:
    found = plan.digest.model_dump(mode="json")
    files = found["files"]
    if len(files) > MOST_FILES:
        whole = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]
        found["files"] = {f"({len(files)} files)": whole}
    return {name: value for name, value in found.items() if value}


def _needs(plan: Plan) -> dict[str, Any]:
    secrets = [
        {"name": one.name, "environment": one.environment, "keys": list(one.required_keys)}
        for one in plan.secrets
    ]
    volumes = [
        {"name": one.name, "environment": one.environment}
        for one in plan.volumes
        if not one.created_if_missing
    ]
    return {name: needed for name, needed in (("secrets", secrets), ("volumes", volumes)) if needed}
