"""Make a change true in Modal, by the least that does it, and find the app ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import NotFound, NotReady, Refused, StoppedWaiting
from pulumi_modal.gateway.port import AppRef, DeployOrder, Gateway
from pulumi_modal.provider.app_bounds import mend
from pulumi_modal.provider.app_canary import Trial, canary_ref, is_wanted, remove_left
from pulumi_modal.provider.app_drift import DEPLOYED, deployed_state
from pulumi_modal.provider.app_effect import UNREADY, Effect
from pulumi_modal.provider.app_functions import functions_of
from pulumi_modal.provider.app_healthy import HEALTHY, healthy_of, marked_healthy, still_healthy
from pulumi_modal.provider.app_inputs import deploy_request
from pulumi_modal.provider.app_needs import check_needs, object_ids
from pulumi_modal.provider.app_outputs import app_ref, url_of, visible_outputs
from pulumi_modal.provider.app_owner import OWNER, marks_of
from pulumi_modal.provider.app_rollback import Recovery
from pulumi_modal.provider.app_words import LEFT_OUT, log_of, said
from pulumi_modal.provider.cancellation import Interruptible
from pulumi_modal.provider.operation import Operation, PartialFailure
from pulumi_modal.provider.props import Props
from pulumi_modal.provider.question import question_of
from pulumi_modal.provider.readiness import Waiting, wait_ready
from pulumi_modal.spec.probe import Probe

DEPLOY_DEADLINE_S: Final = 1800.0
"""For a deploy with all image builds; `custom_timeouts` of the resource wins."""
_DEPLOYS: Final = (Effect.NEW_VERSION, Effect.REPLACEMENT)
_CUT: Final = "`custom_timeouts` of the resource leaves no more of the probe's {:g} s"
_KEPT: Final = ("app_id", "version", "urls", DEPLOYED)


@dataclass(frozen=True)
class Application:
    """What an apply works on: the app as it shall be, and as it was."""

    gateway: Gateway
    operation: Operation
    root: Path
    inputs: Props
    olds: Props = field(default_factory=dict)
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def app(self) -> AppRef:
        """Its environment and name."""
        return app_ref(self.inputs)

    def apply(self, effect: Effect, *, check: bool) -> dict[str, Any]:
        """Do what the effect is, and check that the app is ready; the new outputs.

        Raises PartialFailure, with all that is known, for what fails once Modal has changed.
        """
        if self.inputs.get("canary") or self.olds.get("canary"):
            self._clean_up()
        if effect in _DEPLOYS:
            outs = self._after(self._deploy(), effect)
        elif effect is Effect.ROLLOVER:
            outs = self._after(self._roll_over(), effect)
        elif effect is Effect.IN_PLACE:
            outs = {**self._kept(), **self.settled()}  # what fails is repeated by the next apply
            self.operation.tell("changed in place")
        else:
            outs = self._kept()
        if effect not in _DEPLOYS and self.olds.get(OWNER) != self.inputs.get(OWNER):
            self._mark(outs["app_id"])
        return self._ready(outs, effect) if check else outs

    def _clean_up(self) -> None:
        if remove_left(self.gateway, self.inputs):
            self.operation.warn(
                f"{canary_ref(self.inputs)} was left by an `up` that was cut off: it is stopped"
            )

    def _deploy(self) -> str:
        check_needs(self.gateway, self.inputs)
        self.operation.tell("deploying")
        order = DeployOrder(
            request=deploy_request(self.inputs, self.root),
            strategy=self.inputs.get("strategy", "rolling"),
            tag=self.inputs.get("tag", ""),
            tags=marks_of(self.inputs),
            deadline_s=self.operation.left_s(DEPLOY_DEADLINE_S),
        )
        if is_wanted(self.inputs, self.olds) and self.gateway.find(self.app) is not None:
            Trial(self.gateway, self.operation, self.root, self.inputs, self.olds, order).hold()
            self.operation.tell("canary passed, deploying")
            order = replace(order, deadline_s=self.operation.left_s(DEPLOY_DEADLINE_S))
        deployed = self.gateway.deploy(order, self.operation.tell)
        self._warn(deployed.warnings)
        return deployed.app_id

    def _roll_over(self) -> str:
        self.operation.tell("rolling over")
        app_id: str = self.olds["app_id"]
        strategy = self.inputs.get("strategy", "rolling")
        self._warn(self.gateway.rollover(self.app, app_id, strategy))
        return app_id

    def _mark(self, app_id: str) -> None:
        """Make it known as this stack's, without a deploy."""
        tags = {**self.gateway.tags(app_id), **marks_of(self.inputs)}
        self.gateway.set_tags(app_id, tags)

    def _warn(self, sentences: tuple[str, ...] | Any) -> None:
        for sentence in sentences:
            self.operation.warn(f"{self.app}: {sentence}")

    def _after(self, app_id: str, effect: Effect) -> dict[str, Any]:
        """The outputs of what Modal has changed by now; whatever fails, they are kept."""
        outs = {**self.inputs, "app_id": app_id, "version": 0, "url": "", "urls": {}}
        try:
            return {**outs, **self.settled()}
        except Exception as error:
            raise self._partial(outs, effect, error) from error

    def settled(self) -> dict[str, Any]:
        """What Modal says of the app once its bounds are as declared."""
        found = self.gateway.find(self.app)
        if found is None:
            raise NotFound(f"{self.app} was deployed, but Modal does not know it any more")
        functions = functions_of(self.gateway, self.app, self.inputs)
        if mend(self.gateway, self.inputs, functions, self.olds.get(DEPLOYED, {})):
            functions = functions_of(self.gateway, self.app, self.inputs)
        return {
            **visible_outputs(found, functions, self.inputs),
            DEPLOYED: deployed_state(
                self.inputs, found, functions, object_ids(self.gateway, self.inputs)
            ),
        }

    def _kept(self) -> dict[str, Any]:
        """The outputs of what stays as it is."""
        kept = {name: self.olds[name] for name in _KEPT if name in self.olds}
        kept |= still_healthy(self.olds)
        return {**self.inputs, **kept, "url": url_of(kept.get("urls", {}), self.inputs)}

    def _ready(self, outs: Mapping[str, Any], effect: Effect) -> dict[str, Any]:
        """The outputs of an app that is ready; whatever fails, they are kept."""
        try:
            self._wait_or_recover(outs, effect)
        except PartialFailure:
            raise
        except Exception as error:
            raise self._partial({**outs, UNREADY: True}, effect, error) from error
        return marked_healthy(outs) if self.inputs.get("probe") else dict(outs)

    def _wait_or_recover(self, outs: Mapping[str, Any], effect: Effect) -> None:
        try:
            self.wait_until_ready(outs)
        except NotReady as error:
            raise self._unready(outs, effect, error) from error

    def _unready(self, outs: Mapping[str, Any], effect: Effect, error: NotReady) -> PartialFailure:
        """The log first: a version that comes back writes it on."""
        log = self._log(outs["app_id"], effect)
        recovery = Recovery(
            self.gateway, self.operation, self.app, lambda inputs: replace(self, inputs=inputs)
        )
        left = recovery.recover(self.inputs, self.olds, outs, error, effect)
        words = [str(error), left.sentence, log]
        reason = "; ".join(one for one in words if one)
        return PartialFailure(str(self.app), left.outs, [reason])

    def wait_until_ready(self, outs: Mapping[str, Any]) -> None:
        """Return once the app answers as its probe expects; raises NotReady."""
        if not self.inputs.get("probe"):
            self.operation.tell("deployed")
            return
        declared = Probe.model_validate(self.inputs["probe"])
        left_s = min(declared.deadline, self.operation.left_s(declared.deadline))
        probe = declared.model_copy(update={"deadline": left_s})
        asked = question_of(self.app, probe, outs["url"], self.gateway, self.root)
        question = Interruptible(asked, self.operation.cancelled)
        self.operation.tell(f"deployed, waiting for {question.short}")
        try:
            wait_ready(question, probe, Waiting(self.operation.tell, self.operation.cancelled))
        except StoppedWaiting:
            raise
        except NotReady as error:
            if left_s < declared.deadline:
                raise NotReady(f"{error}; {_CUT.format(declared.deadline)}") from error
            raise
        self._check_it_answered(outs["version"])
        self.operation.tell("ready")

    def _check_it_answered(self, version: int) -> None:
        """Refuse to call a version ready when another has answered in its place."""
        found = self.gateway.find(self.app)
        if found is None or found.version != version:
            runs = f"version {found.version} runs" if found else "it is stopped"
            raise Refused(
                f"{self.app} was asked for version {version}, but {runs} by now: the next"
                " `pulumi up` deploys it"
            )

    def _partial(self, outs: Mapping[str, Any], effect: Effect, error: Exception) -> PartialFailure:
        before = healthy_of(self.olds)
        kept = {**outs, HEALTHY: before.kept()} if before else outs
        reason = f"{said(error)}; {self._log(outs['app_id'], effect)}"
        return PartialFailure(str(self.app), kept, [reason])

    def _log(self, app_id: str, effect: Effect) -> str:
        """What the containers printed, where this process knows what it must hide in it."""
        if effect not in _DEPLOYS and (self.inputs.get("digest") or {}).get("secrets"):
            return LEFT_OUT
        return log_of(self.gateway, app_id, self.begun)
