"""`EnvironmentProvider`: a Modal environment as a Pulumi resource.

One that is there already is used as it is, and left alone by a destroy: `adopted` says so.
Deleting an environment deletes everything in it for good, so one with apps that are not this
stack's is refused, and one that still holds volumes or secrets is left in place with a warning.
"""

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

from pulumi_modal.errors import NotFound, Refused
from pulumi_modal.gateway.connect import connect
from pulumi_modal.gateway.port import Gateway
from pulumi_modal.provider.binding import binding_problems
from pulumi_modal.provider.operation import Operation, current
from pulumi_modal.provider.props import plain

_IDENTITY = ("name", "workspace")


class EnvironmentProvider(ResourceProvider):
    """Holds nothing: a state file stores it by its path, and it runs today's code."""

    serialize_as_secret_always = False

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Names that Modal accepts."""
        inputs = plain(news)
        problems = binding_problems(inputs, "name")
        return CheckResult(inputs, [CheckFailure(key, reason) for key, reason in problems])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Another name or workspace is another environment."""
        olds, news = plain(_olds), plain(_news)
        return DiffResult(
            changes=None, replaces=[key for key in _IDENTITY if olds.get(key) != news.get(key)]
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the environment, or use the one that is there."""
        inputs = plain(props)
        adopted = ensure(_gateway(inputs), inputs["name"])
        return CreateResult(inputs["name"], {**inputs, "adopted": adopted})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Whether it is still there."""
        outs = plain(props)
        if outs["name"] not in _gateway(outs).environments():
            return ReadResult(None, {})
        return ReadResult(id_, outs, {key: outs[key] for key in _IDENTITY})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Nothing of an environment changes in place yet; keep what is known."""
        return UpdateResult({**plain(_olds), **plain(_news)})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove the environment that this stack made, unless something else lives in it."""
        outs = plain(_props)
        remove(_gateway(outs), outs["name"], current(), adopted=bool(outs.get("adopted")))


def ensure(gateway: Gateway, name: str) -> bool:
    """Make an environment where there is none; whether there was one."""
    if name in gateway.environments():
        return True
    try:
        gateway.create_environment(name)
    except Refused:
        if name in gateway.environments():  # somebody was quicker
            return True
        raise
    return False


def remove(gateway: Gateway, name: str, operation: Operation, *, adopted: bool) -> None:
    """Delete an environment, but nothing that is not this stack's."""
    if name not in gateway.environments():
        return
    if adopted:
        operation.warn(f"the environment {name} was there before this stack: left as it is")
        return
    foreign = gateway.apps(name)
    if foreign:
        raise Refused(
            f"environment {name}: {', '.join(foreign)} still run there and are not this stack's,"
            f" and would be deleted with it; stop them (`modal app stop --env {name} ...`), or"
            " keep the environment (`pulumi state delete` its resource)"
        )
    kept = gateway.kept_objects(name)
    if kept:
        operation.warn(
            f"the environment {name} was left in place: it holds {', '.join(kept)};"
            f" `modal environment delete {name}` deletes them for good"
        )
        return
    try:
        gateway.delete_environment(name)
    except NotFound:
        operation.tell("was gone already")


def _gateway(inputs: dict[str, Any]) -> Gateway:
    return connect(inputs["workspace"], inputs["name"], Path.cwd())
