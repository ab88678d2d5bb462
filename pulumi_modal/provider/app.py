"""`AppProvider`: a Modal app as a Pulumi resource."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from pulumi_modal.gateway.connect import connect
from pulumi_modal.provider import app_check, app_diff
from pulumi_modal.provider.app_drift import deployed_inputs
from pulumi_modal.provider.app_effect import changes_of, explained
from pulumi_modal.provider.app_import import imported, is_imported
from pulumi_modal.provider.app_lifecycle import AppLifecycle
from pulumi_modal.provider.app_look import read_app
from pulumi_modal.provider.app_outputs import app_ref
from pulumi_modal.provider.app_preview import predicted
from pulumi_modal.provider.binding import binding_problems
from pulumi_modal.provider.identity import place_of
from pulumi_modal.provider.operation import current
from pulumi_modal.provider.props import plain
from pulumi_modal.provider.timeouts import within
from pulumi_modal.source.forkserver import warm_up


class AppProvider(ResourceProvider):
    """Holds nothing: a state file stores it by its path, and it runs today's code."""

    serialize_as_secret_always = False

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Inputs, canonical and completed with the plan of the file; what is wrong with them."""
        if is_imported(plain(news), plain(_olds)):
            return CheckResult(plain(news), [])
        inputs, problems = app_check.checked(plain(news), Path.cwd(), plain(_olds))
        problems = [*binding_problems(inputs, "environment"), *problems]
        return CheckResult(inputs, [CheckFailure(path, reason) for path, reason in problems])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """What replaces the app, and what updates it."""
        olds, news = plain(_olds), plain(_news)
        found = app_diff.diff(olds, news)
        if found.replaces:  # a preview asks no further
            current().note(explained(changes_of(olds, news), news.get("strategy")))
        return found

    def predict(self, _olds: dict[str, Any], _news: dict[str, Any]) -> dict[str, Any]:
        """Outputs that are certain at preview; our host asks, Pulumi's own does not."""
        olds, news = plain(_olds), plain(_news)
        if olds:
            current().note(explained(changes_of(olds, news), news.get("strategy")))
        return predicted(olds, news)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Deploy the app; what an earlier create of this stack made is gone on with."""
        warm_up()  # while this process loads the SDK
        inputs = plain(props)
        return CreateResult(str(app_ref(inputs)), _lifecycle(inputs, "create").create(inputs))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The app as it is now; never fails for one that is not ready."""
        outs = plain(props)
        if not outs:  # an import
            place = place_of(id_)
            return imported(connect(place["workspace"], place["environment"], Path.cwd()), place)
        inputs = deployed_inputs(outs)
        return read_app(_lifecycle(inputs), id_, inputs, outs)

    def declared(self, outs: dict[str, Any], _inputs: dict[str, Any]) -> dict[str, Any]:
        """The inputs that this stack deployed last, whatever a refresh has found since."""
        return deployed_inputs(plain(outs))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Change the app, by the least that makes it true."""
        warm_up()
        inputs = plain(_news)
        return UpdateResult(_lifecycle(inputs, "update").update(inputs, plain(_olds)))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Stop the app."""
        outs = plain(_props)
        _lifecycle(outs, "delete").stop(outs)


def _lifecycle(inputs: dict[str, Any], verb: str = "") -> AppLifecycle:
    root = Path.cwd()
    gateway = connect(inputs["workspace"], inputs["environment"], root)
    return AppLifecycle(gateway, within(current(), inputs, verb), root)
