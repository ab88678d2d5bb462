"""The inputs of an App: read, planned where the program has not, and written out complete.

A complete set has, beside what the user says (source, app_name, environment, workspace, app,
strategy, tag, probe), what the plan of the file found:

- `functions`: every function, class or server with its effective settings and its `kind`;
- `code`: for exactly the settings that the stack sets, the value in the code. So the stack's value
  is the effective one wherever `code` has the key, and the code's everywhere else;
- `digest`: what a deploy would upload, in parts;
- `needs`: named secrets (with the keys they must have) and volumes;
- `sdk_version`;
- `__overrides`: the stack's settings as they are applied, hidden by Pulumi's display because
  `functions` shows what becomes of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pulumi_modal.provider.props import Props
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import Plan

OVERRIDES: Final = "__overrides"
PLANNED: Final = ("functions", "code", "digest", "needs", "sdk_version", OVERRIDES)
SAID: Final = ("source", "app_name", "environment", "workspace", "app", "strategy", "tag", "probe")
MOST_FILES: Final = 50
"""Uploaded files that a state file lists one by one; more are one digest."""


def completed(said: Props, overrides: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Complete inputs, from what was said and the plan that was made of it."""
    inputs = {name: said[name] for name in SAID if said.get(name) not in (None, "", {})}
    functions = {
        name: {"kind": one.kind, **one.effective} for name, one in sorted(plan.functions.items())
    }
    code = {name: dict(one.code) for name, one in sorted(plan.functions.items()) if one.code}
    return inputs | {
        "functions": functions,
        "code": code,
        "digest": _digest(plan),
        "needs": _needs(plan),
        "sdk_version": plan.sdk_version,
        OVERRIDES: {name: dict(settings) for name, settings in overrides.items() if settings},
    }


def plan_request(inputs: Props, overrides: Mapping[str, Any], root: Path) -> PlanRequest:
    """What to load, for planning and for deploying."""
    return PlanRequest(
        source=inputs["source"],
        root=root,
        app_name=inputs["app_name"],
        environment=inputs["environment"],
        app=inputs.get("app", ""),
        overrides=overrides,
    )


def is_complete(inputs: Props) -> bool:
    """True when the program has planned the file already."""
    return all(name in inputs for name in PLANNED)


def inputs_of(outs: Props) -> dict[str, Any]:
    """The inputs among the outputs of an App."""
    return {name: outs[name] for name in (*SAID, *PLANNED) if name in outs}


def deploy_request(inputs: Props, root: Path) -> PlanRequest:
    """What to deploy: the stack's settings, at the values that the inputs show for them.

    The two are equal, but where a user made the engine ignore a change (`ignore_changes`).
    """
    functions = inputs["functions"]
    overrides = {
        name: {
            key: functions.get(name, {}).get(key, value) if key in _SHOWN_AS_SET else value
            for key, value in settings.items()
        }
        for name, settings in inputs[OVERRIDES].items()
    }
    return plan_request(inputs, overrides, root)


_SHOWN_AS_SET: Final = frozenset(
    {
        "gpu",
        "cpu",
        "memory",
        "ephemeral_disk",
        "timeout",
        "startup_timeout",
        "min_containers",
        "max_containers",
        "buffer_containers",
        "scaledown_window",
        "scaleup_window",
        "max_inputs",
        "target_inputs",
        "max_batch_size",
        "wait_ms",
        "region",
        "routing_region",
        "cloud",
        "nonpreemptible",
    }
)
"""Settings whose effective value has the form in which a stack sets them."""


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
    return {"secrets": secrets, "volumes": volumes}
