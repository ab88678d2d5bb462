"""What happens to an app in Modal: deployed, changed, looked at, stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pulumi_modal.errors import NotFound, Refused, Unavailable
from pulumi_modal.gateway.port import Deployment, Gateway
from pulumi_modal.provider.app_canary import remove_left
from pulumi_modal.provider.app_deploy import Application
from pulumi_modal.provider.app_drift import DEPLOYED, Functions
from pulumi_modal.provider.app_effect import (
    EFFECT,
    NEW_APP,
    Effect,
    changes_of,
    effect_of,
    needs_check,
    summary,
)
from pulumi_modal.provider.app_functions import functions_of
from pulumi_modal.provider.app_outputs import app_ref
from pulumi_modal.provider.app_owner import BIRTH, described, is_ours, refusal, taken_over
from pulumi_modal.provider.operation import Operation
from pulumi_modal.provider.props import Props

STOP_DEADLINE_S: Final = 60.0
"""For Modal to stop an app; `custom_timeouts` of the resource wins."""


@dataclass(frozen=True)
class AppLifecycle:
    """One app and the Modal it lives in."""

    gateway: Gateway
    operation: Operation
    root: Path

    def create(self, inputs: Props) -> dict[str, Any]:
        """Deploy the app and wait until it is ready; its outputs.

        One of that name is taken over only if this stack has deployed it, or `adopt` says so.
        """
        self._check_free(inputs)
        whole = {**inputs, EFFECT: NEW_APP, BIRTH: _new_birth()}
        applied = Application(self.gateway, self.operation, self.root, whole)
        return applied.apply(Effect.NEW_VERSION, check=True)

    def update(self, inputs: Props, olds: Props) -> dict[str, Any]:
        """Make a change true, by the least that does it; the new outputs."""
        changes = changes_of(olds, inputs)
        effect = effect_of(changes)
        birth = olds.get(BIRTH) or _new_birth()
        whole = {**inputs, EFFECT: summary(changes), BIRTH: birth}
        check = needs_check(changes)
        if effect is not Effect.RECORDED:
            found = self.gateway.find(app_ref(olds))
            self._check_still_ours(found, inputs, olds)
            if effect is not Effect.NEW_VERSION and self._has_moved_on(found, olds):
                effect, check = Effect.NEW_VERSION, True
                whole[EFFECT] = effect.value
        return Application(self.gateway, self.operation, self.root, whole, olds).apply(
            effect, check=check
        )

    def look(self, inputs: Props) -> tuple[Deployment, Functions] | None:
        """The app as it is now; None when it is gone."""
        app = app_ref(inputs)
        found = self.gateway.find(app)
        return None if found is None else (found, functions_of(self.gateway, app, inputs))

    def stop(self, outs: Props) -> None:
        """Stop the app that this stack deployed; one that is gone is fine."""
        if outs.get("canary"):
            remove_left(self.gateway, outs)
        app_id = outs.get("app_id")
        if not app_id:  # the create ended before Modal answered
            found = self.gateway.find(app_ref(outs))
            app_id = found.app_id if found else None
        if app_id:
            try:
                self._stop(app_id, outs)
            except NotFound:
                self.operation.tell("was stopped already")

    def _stop(self, app_id: str, outs: Props) -> None:
        tags = self._tags(app_id)
        owner = taken_over(tags, outs)
        if owner:
            self.operation.warn(f"{app_ref(outs)} is now of {owner}: left as it is")
            return
        deployed = (outs.get(DEPLOYED) or {}).get("app_id", app_id)
        if app_id != deployed and not is_ours(tags, outs):  # a refresh has found it
            self.operation.warn(
                f"{app_ref(outs)} is now {app_id}, which this stack did not deploy: left as it is"
            )
            return
        try:
            self.gateway.stop(app_id, self.operation.left_s(STOP_DEADLINE_S))
        except Unavailable as error:
            if self.operation.timeout_s is None:
                raise
            given = f"`custom_timeouts` gives it {self.operation.timeout_s:g} s"
            raise Unavailable(f"{error}; {given}") from error

    def _tags(self, app_id: str) -> Mapping[str, str]:
        """Those of an app that may be stopped already, and then perhaps tells none."""
        try:
            return self.gateway.tags(app_id)
        except Refused:
            return {}

    def _check_free(self, inputs: Props) -> None:
        app = app_ref(inputs)
        found = self.gateway.find(app)
        if found is None:
            return
        tags = self.gateway.tags(found.app_id)
        if is_ours(tags, inputs):
            self.operation.tell(f"going on with {found.app_id}, which an earlier create made")
        elif inputs.get("adopt"):
            self.operation.note(f"{app} is taken over: {described(found, tags)}")
        else:
            raise Refused(refusal(app, found, tags))

    def _check_still_ours(self, found: Deployment | None, inputs: Props, olds: Props) -> None:
        """Refuse to change an app that another stack has adopted, unless `adopt` says so."""
        if found is None or inputs.get("adopt"):
            return
        tags = self._tags(found.app_id)
        owner = taken_over(tags, olds)
        if owner and not (is_ours(tags, olds) or is_ours(tags, inputs)):
            raise Refused(
                f"{app_ref(inputs)} is now of {owner}, and is left as it is; take it back with"
                " `adopt: true`, or take it out of this stack: a destroy leaves it, too"
            )

    def _has_moved_on(self, found: Deployment | None, olds: Props) -> bool:
        """True when what runs is not what this stack deployed, so that it can only be deployed."""
        app = app_ref(olds)
        deployed = olds.get(DEPLOYED, {})
        if found is None or found.app_id != deployed.get("app_id"):
            self.operation.warn(f"{app} is not there any more: it is deployed anew")
            return True
        if found.version != deployed.get("version"):
            self.operation.warn(
                f"{app}: version {found.version} runs, which this stack did not deploy: its own is"
                " deployed"
            )
            return True
        return False


def _new_birth() -> str:
    return uuid4().hex[:8]
