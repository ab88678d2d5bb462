"""Which version of an app was healthy last, and what it was made of. Pure.

A state keeps it as `__healthy`. As long as that version is the one that runs, its inputs are those
of the state; once another is deployed over it, they are kept beside it, for a way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pulumi_modal.provider.app_drift import DEPLOYED, deployed_inputs
from pulumi_modal.provider.props import Props, opened, secret

HEALTHY: Final = "__healthy"
ROLLED_BACK: Final = "__rolled_back"
"""Output of an app whose inputs in the state failed, and which runs what its outputs say."""


@dataclass(frozen=True)
class Healthy:
    """A version whose probe succeeded."""

    app_id: str
    version: int
    inputs: Props

    def kept(self) -> dict[str, Any]:
        """As a state keeps it, once another version is deployed over it.

        Inputs may hold secrets, which the engine knows by their place among the outputs, not here.
        """
        inputs = secret(dict(self.inputs))
        return {"app_id": self.app_id, "version": self.version, "inputs": inputs}


def marked_healthy(outs: Props) -> dict[str, Any]:
    """The outputs of a version whose probe has just succeeded."""
    return {**outs, HEALTHY: {"app_id": outs["app_id"], "version": outs["version"]}}


def still_healthy(olds: Props) -> dict[str, Any]:
    """What a state says of the healthy version, to be kept in the next; empty when nothing."""
    found = olds.get(HEALTHY)
    if not found:
        return {}
    inputs = {"inputs": secret(opened(found["inputs"]))} if "inputs" in found else {}
    return {HEALTHY: {**found, **inputs}}


def healthy_of(olds: Props) -> Healthy | None:
    """The version that was healthy last, when the state knows one."""
    found: Mapping[str, Any] = olds.get(HEALTHY) or {}
    if not found:
        return None
    inputs = opened(found.get("inputs"))
    if inputs is None:
        if found["version"] != (olds.get(DEPLOYED) or {}).get("version"):
            return None  # what it was made of is not known
        inputs = deployed_inputs(olds)
    return Healthy(found["app_id"], found["version"], inputs)


def way_back(olds: Props, outs: Props) -> Healthy | None:
    """The version to go back to from what was just deployed; None when there is none."""
    found = healthy_of(olds)
    if found is None or found.app_id != outs.get("app_id"):
        return None
    return found if found.version != outs.get("version") else None
