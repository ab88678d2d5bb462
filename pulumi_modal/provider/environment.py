"""`EnvironmentProvider`: a Modal environment as a Pulumi resource.

One that is there already is used, and left alone by a destroy: `adopted` says so. What an
environment holds is lost with it, so one that is not empty is deleted only on demand. Modal's id
stays over renames: by it the environment of the state is told from another one of its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pulumi.dynamic import DiffResult

from pulumi_modal.errors import GatewayError, NotFound, Refused, Unavailable
from pulumi_modal.gateway.connect import connect_wire
from pulumi_modal.gateway.environment_port import Environments, GivenRoles, NamedEnvironment
from pulumi_modal.provider.begun import Begun
from pulumi_modal.provider.environment_settings import as_found, as_it_is, change, declares_roles
from pulumi_modal.provider.noun import Found, NounProvider, Schema
from pulumi_modal.provider.operation import PartialFailure, current
from pulumi_modal.provider.props import Props, plain
from pulumi_modal.spec.resources.environment import (
    EFFECTS,
    EnvironmentInputs,
    EnvironmentOutputs,
    relations,
)

SCHEMA: Final = Schema(
    EnvironmentInputs,
    EnvironmentOutputs,
    EFFECTS,
    place=("name",),
    lasting=("environment_id", "adopted", "created_at"),
    relations=relations,
    bound_by="name",
)
RENAMED_FROM: Final = "renamed_from"
"""Output that a refresh sets: the name before somebody renamed it behind Pulumi's back."""
_RENAMED_BACK: Final = "name: in place (somebody has renamed it; it is renamed back)"


class EnvironmentProvider(NounProvider):
    """Holds nothing: a state file stores it by its path, and it runs today's code."""

    def noun(self) -> EnvironmentNoun:
        """An environment."""
        return EnvironmentNoun()

    def predict(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        """Outputs that are certain at preview: the suffix too, which stays unless it is set."""
        if is_renamed_back(olds, news):
            current().note(_RENAMED_BACK)
        found = super().predict(_before(olds, news), news)
        suffix = news.get("web_suffix", olds.get("suffix"))
        return found if suffix is None else {**found, "suffix": suffix}

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Another name is another environment, unless it is the name that this one had."""
        found = super().diff(_id, _before(_olds, _news), _news)
        if RENAMED_FROM in _olds and _olds["name"] == _news.get("name") and not found.replaces:
            found.changes = True  # the stack follows: what its name was before is forgotten
        return found


def is_renamed_back(olds: Props, news: Props) -> bool:
    """Whether the name that is declared is the one before somebody renamed it."""
    return RENAMED_FROM in olds and bool(news.get("name") == olds[RENAMED_FROM])


def _before(olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """The outputs as if nobody had renamed it, when it is to be renamed back."""
    return {**olds, "name": news["name"]} if is_renamed_back(olds, news) else olds


class EnvironmentNoun:
    """An environment, over the gateway."""

    schema = SCHEMA

    def completed(self, olds: Props, inputs: dict[str, Any]) -> dict[str, Any]:
        """Nothing of an environment is worked out."""
        del olds
        return inputs

    def create(self, inputs: Props) -> Mapping[str, Any]:
        """Make it, or use the one that is there."""
        environments, name = _environments(inputs), inputs["name"]
        begun = _begun(inputs)
        found = named(environments, name)
        adopted = found is not None and not begun.names(found.environment_id)
        if found is None:
            found, adopted = _made(environments, inputs, begun)
        try:
            found = settle(environments, {}, inputs, found)
        except GatewayError as error:
            outs = _outputs(inputs, found, adopted=adopted)
            raise PartialFailure(name, outs, [str(error)]) from error
        return _outputs(inputs, found, adopted=adopted)

    def read(self, place: Props, inputs: Props) -> Found | None:
        """How it is now: found by its id where that is known, so also under another name."""
        environments, name = _environments(place), place["name"]
        known_id = place.get("environment_id")
        every = environments.all()
        found = next((one for one in every if one.environment_id == known_id), None)
        adopted = bool(place.get("adopted"))
        if found is None:
            found = next((one for one in every if one.name == name), None)
            if found is not None and known_id:
                adopted = True
                current().warn(
                    f"the environment {name} was deleted, with all in it, and made anew by somebody"
                )
        if found is None:
            return None
        if found.name != name:
            current().warn(f"the environment {name} was renamed to {found.name} by somebody")
        is_import = not inputs
        asks = is_import or declares_roles(inputs)
        given = environments.roles(found) if asks else GivenRoles()
        now = {
            "name": found.name,
            "workspace": place["workspace"],
            **(as_it_is(found, given) if is_import else as_found(inputs, found, given)),
            "on_delete": inputs.get("on_delete", "refuse"),
        }
        outputs = _outputs(now, found, adopted=adopted)
        before = place.get(RENAMED_FROM) or name
        return Found(now, outputs if before == found.name else {**outputs, RENAMED_FROM: before})

    def update(self, olds: Props, inputs: Props) -> Mapping[str, Any]:
        """Set what differs; rename it back when somebody has renamed it."""
        environments, name = _environments(inputs), inputs["name"]
        _begun(inputs).forget()
        found = _known(environments, olds)
        if found is None:
            raise NotFound(f"the environment {olds['name']} is gone: `pulumi refresh`, then up")
        if found.name != name:
            environments.rename(found.name, name)
            current().note(f"was renamed to {found.name} by somebody: it is {name} again")
            found = replace(found, name=name)
        found = settle(environments, olds, inputs, found)
        return _outputs(inputs, found, adopted=bool(olds.get("adopted")))

    def delete(self, outputs: Props) -> None:
        """Remove the one that this stack made, unless that would lose what it holds."""
        environments, name = _environments(outputs), outputs["name"]
        found = _known(environments, outputs)
        if found is not None:
            if found.name != name:
                current().note(f"the environment {name} was renamed to {found.name} by somebody")
            remove(environments, found, outputs)
        elif named(environments, name) is None:
            current().tell("was gone already")
        else:
            current().warn(f"the environment {name} was made anew by somebody since: left as it is")
        _begun(outputs).forget()


def settle(
    environments: Environments, olds: Props, inputs: Props, found: NamedEnvironment
) -> NamedEnvironment:
    """Bring its settings to what is declared; the environment as it is then."""
    given = environments.roles(found) if declares_roles(olds, inputs) else None
    wanted = change(olds, inputs, found, given)
    if wanted.web_suffix is not None:
        environments.set_web_suffix(found.name, wanted.web_suffix)
        found = replace(found, web_suffix=wanted.web_suffix)
    if wanted.restriction is not None:
        is_restricted, role = wanted.restriction
        environments.restrict(found, is_restricted=is_restricted, default_role=role)
        found = replace(found, is_restricted=is_restricted, default_role=role)
    if wanted.roles is not None:
        environments.give_roles(found, wanted.roles)
    return found


def remove(environments: Environments, found: NamedEnvironment, outputs: Props) -> None:
    """Delete an environment as its `on_delete` says, but never one that was there before."""
    on_delete, name, operation = outputs.get("on_delete", "refuse"), found.name, current()
    if outputs.get("adopted"):
        operation.warn(f"the environment {name} was there before this stack: left as it is")
        return
    if on_delete == "retain":
        operation.warn(f"the environment {name} is left in Modal, as on_delete says")
        return
    if found.is_default:
        raise Refused(
            f"environment {name}: is the default of the workspace, which Modal does not delete; set"
            " on_delete to retain, `pulumi up`, and delete again"
        )
    try:
        holds = environments.contents(name) if on_delete != "force" else ()
        if holds:
            raise Refused(
                f"environment {name}: holds {', '.join(holds)}, which would be lost with it; set"
                " on_delete to force, `pulumi up`, and delete again; or to retain, to leave it in"
                " Modal"
            )
        environments.delete(name)
    except NotFound:
        operation.tell("was gone already")


def named(environments: Environments, name: str) -> NamedEnvironment | None:
    """The environment of this name; None when there is none."""
    return next((one for one in environments.all() if one.name == name), None)


def _made(environments: Environments, inputs: Props, begun: Begun) -> tuple[NamedEnvironment, bool]:
    """A new environment, and whether somebody else was quicker to make it."""
    name = inputs["name"]
    _note(begun)
    try:
        adopted = _was_quicker(environments, inputs)
    except Refused:
        begun.forget()
        raise
    found = named(environments, name)
    if found is None:
        raise NotFound(f"the environment {name} is gone, as soon as it was made: `pulumi up` again")
    if adopted:
        begun.forget()
    else:
        _note(begun, found.environment_id)
    return found, adopted


def _was_quicker(environments: Environments, inputs: Props) -> bool:
    """Make an environment; whether somebody else did meanwhile.

    A reply may be lost. What is there then came of the call itself, for a moment before there was
    nothing: so the call is not repeated before Modal has been asked.
    """
    for is_last in (False, False, True):
        try:
            environments.create(
                inputs["name"],
                is_restricted=bool(inputs.get("restricted")),
                default_role=inputs.get("default_role") or "",
            )
        except Refused:
            if named(environments, inputs["name"]) is None:
                raise
            return True
        except Unavailable:
            if named(environments, inputs["name"]) is not None:
                return False
            if is_last:
                raise
        else:
            return False
    raise AssertionError("the last attempt returns or raises")


def _begun(props: Props) -> Begun:
    return Begun.of(props["workspace"], props["name"], current().urn)


def _note(begun: Begun, environment_id: str = "") -> None:
    try:
        begun.note(environment_id)
    except OSError as error:
        current().warn(
            f"{begun.path}: {error.strerror or error}; if this create is cut off, the environment"
            " will count as one that was there before, and a destroy will leave it"
        )


def _known(environments: Environments, outputs: Props) -> NamedEnvironment | None:
    """The environment of the state, whatever it is called; of an older state, by its name."""
    wanted = outputs.get("environment_id")
    if wanted is None:
        return named(environments, outputs["name"])
    return next((one for one in environments.all() if one.environment_id == wanted), None)


def _outputs(inputs: Props, found: NamedEnvironment, *, adopted: bool) -> dict[str, Any]:
    return {
        **plain(inputs),
        "environment_id": found.environment_id,
        "suffix": found.web_suffix,
        "adopted": adopted,
        "created_at": found.created_at,
    }


def _environments(inputs: Props) -> Environments:
    from pulumi_modal.gateway.environments import WireEnvironments  # late: it loads the wire

    return WireEnvironments(connect_wire(inputs["workspace"], inputs["name"], Path.cwd()))
