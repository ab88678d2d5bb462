"""What Modal says of an app now: few questions, and more only where something differs."""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import ReadResult

from pulumi_modal.gateway.port import AppRef, Gateway
from pulumi_modal.provider.app_canary import canary_left
from pulumi_modal.provider.app_drift import DRIFT, Seen, drifted_inputs, is_as_deployed
from pulumi_modal.provider.app_healthy import still_healthy
from pulumi_modal.provider.app_lifecycle import AppLifecycle
from pulumi_modal.provider.app_needs import object_ids
from pulumi_modal.provider.app_outputs import app_ref, visible_outputs
from pulumi_modal.provider.happened import Gone, happened, sentence
from pulumi_modal.provider.props import Props


def read_app(lifecycle: AppLifecycle, id_: str, inputs: Props, outs: Props) -> ReadResult:
    """The app as a refresh finds it; what happened behind Pulumi's back is among the diagnostics.

    `inputs` are those that were deployed last.
    """
    seen = _look(lifecycle, inputs, outs)
    app = app_ref(inputs)
    if seen is None:
        told = _ending(lifecycle.gateway, app)
        lifecycle.operation.warn(f"{app} is gone: {sentence(told)}")
        return Gone(told)
    now = drifted_inputs(inputs, outs, seen)
    for subject, told in now.get(DRIFT, {}).items():
        lifecycle.operation.warn(f"{app}: {subject}: {sentence(told)}")
    visible = visible_outputs(seen.deployment, seen.functions, inputs)
    kept = {name: value for name, value in outs.items() if name != DRIFT} | still_healthy(outs)
    drift = {DRIFT: now[DRIFT]} if DRIFT in now else {}  # what an update has to repair
    return ReadResult(id_, {**kept, **visible, **drift, "functions": now["functions"]}, now)


def _ending(gateway: Gateway, app: AppRef) -> dict[str, Any]:
    """Why there is no such app, as far as Modal tells."""
    ended = gateway.ended(app)
    if ended is not None:
        return happened("stopped", by=ended.stopped_by, at=ended.stopped_at)
    if app.environment not in gateway.environments():
        return happened(f"there is no environment {app.environment}: deleted, or renamed")
    return happened("its environment has never had one of that name")


def _look(lifecycle: AppLifecycle, inputs: Props, outs: Props) -> Seen | None:
    """Who deployed the app, and when, is asked only when it was not this stack."""
    found = lifecycle.look(inputs)
    if found is None:
        return None
    deployment, functions = found
    gateway = lifecycle.gateway
    ours = is_as_deployed(outs, deployment)
    return Seen(
        deployment=deployment,
        functions=functions,
        versions=() if ours else tuple(gateway.versions(deployment.app_id)),
        needs=object_ids(gateway, inputs),
        canary=canary_left(gateway, inputs) if inputs.get("canary") else "",
    )
