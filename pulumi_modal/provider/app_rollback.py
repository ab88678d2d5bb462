"""What becomes of a version that is deployed and not ready: kept, or the healthy one comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pulumi_modal.errors import GatewayError, StoppedWaiting
from pulumi_modal.gateway.port import AppRef, Gateway
from pulumi_modal.provider.app_effect import EFFECT, UNREADY, Effect
from pulumi_modal.provider.app_healthy import (
    HEALTHY,
    ROLLED_BACK,
    Healthy,
    healthy_of,
    marked_healthy,
    way_back,
)
from pulumi_modal.provider.app_owner import BIRTH
from pulumi_modal.provider.operation import Operation
from pulumi_modal.provider.props import Props


@dataclass(frozen=True)
class Left:
    """What is left of a failed apply: the outputs, and a sentence on what was done."""

    outs: dict[str, Any]
    sentence: str = ""


class Serving(Protocol):
    """An app that is deployed."""

    def settled(self) -> dict[str, Any]:
        """What Modal says of it."""

    def wait_until_ready(self, outs: Props) -> None:
        """Return once it is ready; raises NotReady."""


@dataclass(frozen=True)
class Recovery:
    """An app whose new version is not ready."""

    gateway: Gateway
    operation: Operation
    app: AppRef
    made_of: Callable[[Props], Serving]
    """The app as it is made of these inputs."""

    def recover(
        self, inputs: Props, olds: Props, outs: Props, error: GatewayError, effect: Effect
    ) -> Left:
        """Keep the version, or go back to the one that was healthy last."""
        kept = {**outs, UNREADY: True}
        before = healthy_of(olds)
        if before is not None:
            kept[HEALTHY] = before.kept()
        if inputs.get("on_failure") != "rollback" or isinstance(error, StoppedWaiting):
            return Left(kept)
        if effect is Effect.ROLLOVER:
            return Left(kept, "the version is the one before in new containers, so it is left")
        healthy = way_back(olds, outs)
        if healthy is None:
            sentence = "no earlier version is known to be healthy, so this one is left deployed"
            return Left(kept, sentence)
        self.operation.tell(f"not ready, rolling back to version {healthy.version}")
        try:
            self._roll_back(inputs, outs, healthy)
        except GatewayError as failed:
            if not self._has_come_back(outs, healthy):
                sentence = (
                    f"it could not be rolled back to version {healthy.version} and is left"
                    f" deployed: {failed}"
                )
                return Left(kept, sentence)
        return self._rolled_back(outs, healthy)

    def _roll_back(self, inputs: Props, outs: Props, healthy: Healthy) -> None:
        strategy = inputs.get("strategy", "rolling")
        for warning in self.gateway.rollback(self.app, outs["app_id"], healthy.version, strategy):
            self.operation.warn(f"{self.app}: {warning}")

    def _has_come_back(self, outs: Props, healthy: Healthy) -> bool:
        """True when the rollback happened, and only its answer was lost."""
        try:
            versions = self.gateway.versions(outs["app_id"])
        except GatewayError:
            return False
        last = max(versions, key=lambda one: one.number, default=None)
        if last is None or last.number == outs["version"]:
            return False
        return (last.kind, last.repeats) == ("rollback", healthy.version)

    def _rolled_back(self, outs: Props, healthy: Healthy) -> Left:
        words = f"rolled back to version {healthy.version}"
        found = {**healthy.inputs, EFFECT: words, ROLLED_BACK: True, HEALTHY: healthy.kept()}
        found |= {BIRTH: outs[BIRTH]} if BIRTH in outs else {}
        found = {**found, "app_id": outs["app_id"], "version": 0, "url": "", "urls": {}}
        serving = self.made_of(healthy.inputs)
        try:
            found |= serving.settled()
        except GatewayError as unknown:
            return Left(found, f"{words}, of which Modal says nothing: {unknown}")
        said = f"{words}, which serves as version {found['version']}"
        try:
            serving.wait_until_ready(found)
        except GatewayError as unready:
            return Left(found, f"{said} and is not ready either: {unready}")
        return Left(marked_healthy(found), f"{said} and is ready")
