"""A new version is tried beside the old one, under its own name, before it takes over.

All of it belongs to one update: what is tried is stopped again however that ends, and the old
version is only asked. A withdrawn canary fails the update before anything of the app has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import (
    CanaryWithdrawn,
    GatewayError,
    NotFound,
    NotReady,
    Refused,
    StoppedWaiting,
)
from pulumi_modal.gateway.port import AppRef, DeployOrder, Gateway
from pulumi_modal.provider.app_functions import functions_of
from pulumi_modal.provider.app_outputs import app_ref, main_url, urls_of
from pulumi_modal.provider.app_words import reason_of
from pulumi_modal.provider.cancellation import Interruptible
from pulumi_modal.provider.load import Load, measure_calls, measure_urls
from pulumi_modal.provider.measured import Measured, Verdict, verdict
from pulumi_modal.provider.operation import Operation
from pulumi_modal.provider.props import Props
from pulumi_modal.provider.question import call_order, question_of
from pulumi_modal.provider.readiness import Waiting, wait_ready
from pulumi_modal.spec.canary import SUFFIX, Canary
from pulumi_modal.spec.probe import Probe

MARK: Final = "canary-of"
"""Tag of a canary's app; its value is the name of the app that it is a canary of."""
_MADE_OF: Final = ("functions", "digest", "needs")


def canary_ref(inputs: Props) -> AppRef:
    """The app of a canary."""
    app = app_ref(inputs)
    return AppRef(app.environment, f"{app.name}{SUFFIX}")


def is_wanted(inputs: Props, olds: Props) -> bool:
    """True when something runs, and something else shall take over."""
    if not inputs.get("canary") or not olds.get("app_id"):
        return False
    return any(inputs.get(name) != olds.get(name) for name in _MADE_OF)


def as_canary(order: DeployOrder, functions: Mapping[str, Any]) -> DeployOrder:
    """The same deploy under the canary's name, with web labels and domains left to the app."""
    request = order.request
    overrides = {name: dict(one) for name, one in request.overrides.items()}
    for name, settings in functions.items():
        web = settings.get("web") or {}
        own: dict[str, Any] = {"custom_domains": []} if web.get("custom_domains") else {}
        own |= {"label": f"{web['label']}{SUFFIX}"} if web.get("label") else {}
        if own:
            given = overrides.setdefault(name, {})
            given["web"] = {**(given.get("web") or {}), **own}
    name = f"{request.app_name}{SUFFIX}"
    return replace(
        order,
        request=replace(request, app_name=name, overrides=overrides),
        tags={**order.tags, MARK: request.app_name},
    )


def canary_left(gateway: Gateway, inputs: Props) -> str:
    """The canary that an interrupted update has left; empty when there is none."""
    ref = canary_ref(inputs)
    found = gateway.find(ref)
    if found is None or not _is_marked(gateway, found.app_id, inputs):
        return ""
    return str(ref)


def remove_left(gateway: Gateway, inputs: Props) -> bool:
    """Stop a canary that an interrupted update has left; True when there was one.

    An app of its own under that name is none, and is left.
    """
    found = gateway.find(canary_ref(inputs))
    if found is None:
        return False
    try:
        if not _is_marked(gateway, found.app_id, inputs):
            return False
        gateway.stop(found.app_id)
    except NotFound:
        return False
    return True


def is_taken(gateway: Gateway, inputs: Props) -> bool:
    """True when an app of its own has the name that a canary would have."""
    found = gateway.find(canary_ref(inputs))
    if found is None:
        return False
    try:
        return not _is_marked(gateway, found.app_id, inputs)
    except NotFound:
        return False


def _is_marked(gateway: Gateway, app_id: str, inputs: Props) -> bool:
    """Whether an app is a canary of this one. NotFound when it is gone."""
    return gateway.tags(app_id).get(MARK) == str(inputs["app_name"])


@dataclass(frozen=True)
class Trial:
    """A new version beside the one that runs."""

    gateway: Gateway
    operation: Operation
    root: Path
    inputs: Props
    olds: Props
    order: DeployOrder
    """The deploy of the new version under the app's own name."""

    def hold(self) -> None:
        """Return when the new version may take over; raises CanaryWithdrawn."""
        begun = datetime.now(UTC)
        with self._deployed() as app_id:
            try:
                found = self._judged()
            except StoppedWaiting as error:
                raise CanaryWithdrawn(self._withdrawn("it was cancelled")) from error
            except NotReady as error:
                reason = reason_of(error, self.gateway, app_id, begun)
                raise CanaryWithdrawn(self._withdrawn(reason)) from error
            if not found.is_good:
                why = CanaryWithdrawn(f"{'; '.join(found.against)} ({found.numbers})")
                reason = reason_of(why, self.gateway, app_id, begun)
                raise CanaryWithdrawn(self._withdrawn(reason))
        self.operation.note(f"canary of {app_ref(self.inputs)} takes over: {found.numbers}")

    def _withdrawn(self, why: str) -> str:
        app, version = app_ref(self.inputs), self.olds.get("version")
        return f"{app}: canary withdrawn, version {version} serves on: {why}"

    @contextmanager
    def _deployed(self) -> Iterator[str]:
        """The canary runs while the block does."""
        self._check_free()
        remove_left(self.gateway, self.inputs)
        self.operation.tell("canary: deploying")
        order = as_canary(self.order, self.inputs["functions"])
        try:
            yield self.gateway.deploy(order, self._tell).app_id
        finally:
            self._stop()

    def _check_free(self) -> None:
        if is_taken(self.gateway, self.inputs):
            raise Refused(
                f"{canary_ref(self.inputs)} is an app of its own, and no canary of"
                f" {self.inputs['app_name']}: stop it, give one of the two another name, or take"
                " `canary` out"
            )

    def _tell(self, words: str) -> None:
        self.operation.tell(f"canary: {words}")

    def _stop(self) -> None:
        try:
            remove_left(self.gateway, self.inputs)
        except GatewayError as error:
            self.operation.warn(
                f"{canary_ref(self.inputs)} is left, and costs what it costs: {error}; the next"
                " `pulumi up` of a change, or a destroy, stops it"
            )

    def _judged(self) -> Verdict:
        probe = Probe.model_validate(self.inputs["probe"])
        canary = Canary.model_validate(self.inputs["canary"])
        new = canary_ref(self.inputs)
        urls = urls_of(functions_of(self.gateway, new, self.inputs))
        asked = question_of(new, probe, main_url(urls, probe.function), self.gateway, self.root)
        self.operation.tell(f"canary: waiting for {asked.short}")
        question = Interruptible(asked, self.operation.cancelled)
        wait_ready(question, probe, Waiting(self._tell, self.operation.cancelled))
        found = self._measured(canary, canary.question(probe), urls)
        if self.operation.cancelled.is_set():
            raise StoppedWaiting("the load was cut off")
        return verdict(*found, canary)

    def _measured(
        self, canary: Canary, question: Probe, urls: Mapping[str, str]
    ) -> tuple[Measured, Measured]:
        load = Load(canary, question, self.operation.tell, self.operation.cancelled)
        apps = (app_ref(self.inputs), canary_ref(self.inputs))
        if question.call:
            old, new = (call_order(app, question, self.root, question.timeout) for app in apps)
            return measure_calls(old, new, load, self.gateway)
        both = (self.olds.get("urls") or {}, urls)
        old_url, new_url = (main_url(one, question.function) for one in both)
        if not old_url or not new_url:
            missing = apps[0] if not old_url else apps[1]
            raise NotReady(f"{missing} has no URL that the canary's load could ask")
        return measure_urls(old_url, new_url, load)
