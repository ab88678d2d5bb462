"""Whether all is well: Modal has what the program says, once, and the state says the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class World:
    """What there is, in the local Modal and in the state."""

    apps: Sequence[Mapping[str, Any]]
    """All that are not over: name, environment, state, version, app_id."""
    containers: Sequence[Mapping[str, Any]]
    environments: frozenset[str]
    state: Mapping[str, Any]
    """The deployment of `pulumi stack export`."""

    def app_outputs(self, case: str) -> Mapping[str, Any] | None:
        """What the state knows of the app of a case."""
        return self._outputs(case, "App")

    def has_environment(self, case: str) -> bool:
        """Whether the state has the environment of a case."""
        return self._outputs(case, "Environment") is not None

    def _outputs(self, case: str, kind: str) -> Mapping[str, Any] | None:
        for one in self.state.get("resources", ()):
            if one["type"].endswith(f"modal:{kind}") and one["urn"].endswith(f"::{case}"):
                return dict(one.get("outputs", {}))
        return None

    @property
    def pending(self) -> list[str]:
        """Operations that the state does not know the end of."""
        return [one["type"] for one in self.state.get("pending_operations") or ()]


def is_done(world: World, case: str, version: int) -> bool:
    """Whether an operation on a case came through: version 0 is its removal."""
    outputs = world.app_outputs(case)
    if version == 0:
        return outputs is None and not world.has_environment(case)
    return outputs is not None and int(outputs.get("version", 0)) == version


def wrong(world: World, case: str, version: int) -> Iterator[str]:
    """What is not as it should be with a case, in words; version 0: it should not be there."""
    if version == 0:
        return _not_gone(world, case)
    return _not_there(world, case, version)


def _not_gone(world: World, case: str) -> Iterator[str]:
    if case in world.environments:
        yield "the environment is still there"
    if any(app["environment"] == case for app in world.apps):
        yield "an app is still there"
    if world.app_outputs(case) is not None or world.has_environment(case):
        yield "the state still has it"


def _not_there(world: World, case: str, version: int) -> Iterator[str]:
    there = [app for app in world.apps if app["environment"] == case]
    outputs = world.app_outputs(case)
    if [app["state"] for app in there] != ["deployed"]:
        yield f"apps: {', '.join(app['state'] for app in there) or 'none'}"
        return
    (app,) = there
    if app["version"] != version:
        yield f"version {app['version']} instead of {version}"
    if outputs is None or outputs.get("app_id") != app["app_id"]:
        yield "the state knows another app, or none"
    elif int(outputs["version"]) != app["version"]:
        yield f"the state says version {outputs['version']:g}"


def left_over(world: World) -> Iterator[str]:
    """What there is of no case: in words."""
    deployed = {(app["environment"], app["name"]) for app in world.apps}
    for one in world.containers:
        if (one["environment"], one["app"]) not in deployed:
            yield f"a container of {one['environment']}/{one['app']}, which does not run"
    if world.pending:
        yield f"{len(world.pending)} operations are pending in the state"
