"""What happens to an app in Modal: deployed and found ready, looked at, stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import GatewayError, NotFound, Refused
from pulumi_modal.gateway.port import (
    AppRef,
    Deployment,
    DeployOrder,
    Gateway,
    SecretNeed,
    VolumeNeed,
)
from pulumi_modal.provider.app_drift import DEPLOYED, Functions, deployed_state
from pulumi_modal.provider.app_inputs import deploy_request
from pulumi_modal.provider.operation import Operation, PartialFailure
from pulumi_modal.provider.props import Props
from pulumi_modal.provider.question import question_of
from pulumi_modal.provider.readiness import Waiting, wait_ready
from pulumi_modal.spec.probe import Probe

DEPLOY_DEADLINE_S: Final = 1800.0
"""For a deploy with all image builds; `custom_timeouts` of the resource wins."""
_BOUNDS_AT_REST: Final[Mapping[str, Any]] = {
    "min_containers": 0,
    "max_containers": 0,  # how Modal writes "no limit"
    "buffer_containers": 0,
    "scaledown_window": 60,
}
_LAST_LINES: Final = 8
_CLOCKS_DIFFER: Final = timedelta(seconds=2)
"""Modal's clock may be behind ours; no line is worth losing for that."""


@dataclass(frozen=True)
class AppLifecycle:
    """One app and the Modal it lives in."""

    gateway: Gateway
    operation: Operation
    root: Path

    def deploy(self, inputs: Props, olds: Props | None = None) -> dict[str, Any]:
        """Deploy and wait until it is ready; the new outputs.

        Raises PartialFailure, with all that is known, for what fails after Modal has the app.
        """
        app = app_ref(inputs)
        self._check_needs(app, inputs)
        self.operation.tell("deploying")
        order = DeployOrder(
            request=deploy_request(inputs, self.root),
            strategy=inputs.get("strategy", "rolling"),
            tag=inputs.get("tag", ""),
            deadline_s=self.operation.timeout_s or DEPLOY_DEADLINE_S,
        )
        begun = datetime.now(UTC)
        deployed = self.gateway.deploy(order, self.operation.tell)
        for sentence in deployed.warnings:
            self.operation.warn(f"{app}: {sentence}")
        app_id = deployed.app_id
        outs = {**inputs, "app_id": app_id, "version": 0, "url": "", "urls": {}}
        try:
            outs |= self._outputs(app, inputs, olds or {})
            self._wait_ready(inputs, outs)
        except GatewayError as error:
            raise PartialFailure(str(app), outs, [self._reason(app_id, begun, error)]) from error
        return outs

    def look(self, inputs: Props) -> tuple[Deployment, Functions] | None:
        """The app as it is now; None when it is gone."""
        app = app_ref(inputs)
        found = self.gateway.find(app)
        return None if found is None else (found, self._functions(app, inputs))

    def stop(self, outs: Props) -> None:
        """Stop the app that this stack deployed; one that is gone is fine."""
        app_id = outs.get("app_id")
        if not app_id:  # the create ended before Modal answered
            found = self.gateway.find(app_ref(outs))
            app_id = found.app_id if found else None
        if app_id:
            try:
                self.gateway.stop(app_id)
            except NotFound:
                self.operation.tell("was stopped already")

    def _check_needs(self, app: AppRef, inputs: Props) -> None:
        needs = needs_of(inputs)
        missing = self.gateway.missing(needs) if needs else ()
        if missing:
            raise Refused(
                f"{app} needs what Modal does not have in {app.environment}: {', '.join(missing)};"
                f" make it there (`modal secret create --env {app.environment} ...`,"
                f" `modal volume create --env {app.environment} ...`), or give it another name in"
                " the stack's `secrets` or `volumes`"
            )

    def _outputs(self, app: AppRef, inputs: Props, olds: Props) -> dict[str, Any]:
        found = self.gateway.find(app)
        if found is None:
            raise NotFound(f"{app} was deployed, but Modal does not know it any more")
        functions = self._functions(app, inputs)
        if self._mend_bounds(inputs, functions, olds.get(DEPLOYED, {}).get("functions", {})):
            functions = self._functions(app, inputs)
        return {
            **visible_outputs(found, functions, inputs),
            DEPLOYED: deployed_state(inputs, found, functions, object_ids(self.gateway, inputs)),
        }

    def _functions(self, app: AppRef, inputs: Props) -> Functions:
        return {
            name: self.gateway.function(app, tag_of(name, settings))
            for name, settings in inputs["functions"].items()
        }

    def _mend_bounds(self, inputs: Props, functions: Functions, before: Mapping[str, Any]) -> bool:
        """Undo bounds set at run time that a deploy without changes left in force."""
        mended = False
        for name, one in functions.items():
            if one is None:
                continue
            wanted = inputs["functions"][name]
            wrong = wrong_bounds(wanted, one.settings, before.get(name))
            if wrong:
                self.gateway.set_bounds(one.function_id, wrong)
                mended = True
        return mended

    def _wait_ready(self, inputs: Props, outs: Props) -> None:
        if not inputs.get("probe"):
            self.operation.tell("deployed")
            return
        probe = Probe.model_validate(inputs["probe"])
        question = question_of(app_ref(inputs), probe, outs["url"], self.gateway, self.root)
        self.operation.tell(f"deployed, waiting for {question.short}")
        wait_ready(question, probe, Waiting(self.operation.tell, self.operation.cancelled))
        self.operation.tell("ready")

    def _reason(self, app_id: str, begun: datetime, error: GatewayError) -> str:
        """What failed, and below it the last words of the containers."""
        try:
            lines = self.gateway.last_lines(app_id, _LAST_LINES, begun - _CLOCKS_DIFFER)
        except GatewayError as unread:
            lines = (f"(the log could not be read: {unread})",)
        words = "its containers printed last:" if lines else "its containers printed nothing"
        return "\n      | ".join([f"{error}; {words}", *folded(lines)])


def folded(lines: Sequence[str]) -> list[str]:
    """The lines, with those that repeat the one before them counted."""
    counted = [(line, len(list(same))) for line, same in groupby(lines)]
    return [f"{line} ({count} times)" if count > 1 else line for line, count in counted]


def app_ref(inputs: Props) -> AppRef:
    """The app that the inputs are about."""
    return AppRef(inputs["environment"], inputs["app_name"])


def tag_of(name: str, settings: Mapping[str, Any]) -> str:
    """How Modal calls a function, class or server of an app."""
    return f"{name}.*" if settings.get("kind") == "class" else name


def needs_of(inputs: Props) -> list[SecretNeed | VolumeNeed]:
    """Named secrets and volumes that must exist."""
    needs = inputs.get("needs") or {}
    here = inputs["environment"]
    secrets = [
        SecretNeed(one["name"], one.get("environment") or here, tuple(one.get("keys", ())))
        for one in needs.get("secrets", ())
    ]
    volumes = [
        VolumeNeed(one["name"], one.get("environment") or here) for one in needs.get("volumes", ())
    ]
    return [*secrets, *volumes]


def object_ids(gateway: Gateway, inputs: Props) -> dict[str, str]:
    """Modal's id of each secret and volume that the app needs; empty for one that is gone."""
    needs = needs_of(inputs)
    if not needs:
        return {}
    here = inputs["environment"]
    phrases = [
        str(one) if one.environment == here else f"{one} of {one.environment}" for one in needs
    ]
    return dict(zip(phrases, gateway.object_ids(needs), strict=True))


def visible_outputs(found: Deployment, functions: Functions, inputs: Props) -> dict[str, Any]:
    """What an app has beside its inputs."""
    urls = urls_of(functions)
    return {
        "app_id": found.app_id,
        "version": found.version,
        "urls": urls,
        "url": main_url(urls, (inputs.get("probe") or {}).get("function")),
    }


def urls_of(functions: Functions) -> dict[str, str]:
    """URL by function, or by `Class.method`."""
    return {
        f"{name}.{method}" if method else name: url
        for name, one in sorted(functions.items())
        if one is not None
        for method, url in one.urls.items()
    }


def main_url(urls: Mapping[str, str], function: str | None) -> str:
    """The URL that stands for the app: of the function that the probe names, else the first."""
    if function is not None:
        named = [url for name, url in urls.items() if name.partition(".")[0] == function]
        return named[0] if named else ""
    return next(iter(urls.values()), "")


def wrong_bounds(
    wanted: Mapping[str, Any], now: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Bounds in force that are neither declared nor what they were after the last deploy.

    Before a first deploy of this stack (None) only those that are declared can be wrong.
    """
    found = {}
    for name, at_rest in _BOUNDS_AT_REST.items():
        in_force = now.get(name, at_rest)
        known = in_force if before is None else before.get(name, at_rest)
        right = wanted.get(name, known)
        if in_force != right:
            found[name] = right
    return found
