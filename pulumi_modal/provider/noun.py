"""The frame of the resources that are no apps: one provider over the description of a noun.

A noun says what it takes, what a change of each input does, and how it is made, found, changed and
removed. The frame does what is the same for all: it checks by the models, names what replaces,
keeps every output, reads an import from its id alone, and says on the row why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from pulumi_modal.provider.binding import unbound
from pulumi_modal.provider.happened import Gone
from pulumi_modal.provider.identity import place_of
from pulumi_modal.provider.operation import current
from pulumi_modal.provider.props import Props, has_unknown, known_part, plain
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.resources.model import Effects, ResourceInputs, ResourceOutputs
from pulumi_modal.spec.validation import check


@dataclass(frozen=True, slots=True)
class Found:
    """A resource as it is in Modal now."""

    inputs: Mapping[str, Any] | None
    """What would declare it as it is: where it differs from the state, the world has drifted.

    None: those of the state, for nothing is known of them here.
    """
    outputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Schema:
    """What is written of a noun: models, effects, and which of its inputs make its id."""

    inputs: type[ResourceInputs]
    outputs: type[ResourceOutputs]
    effects: Effects
    place: tuple[str, ...] = ("environment", "name")
    lasting: tuple[str, ...] = ()
    """Outputs that no change in place changes: known at preview."""
    untold: tuple[str, ...] = ()
    """Inputs that no output tells: whether they differ is not known."""
    relations: Callable[[Props], Iterable[Problem]] = lambda _inputs: ()
    """What is wrong with sound inputs together; values that are not known yet are among them."""
    bound_by: str = "environment"
    """The input that names the environment that the credentials must be for."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All that it takes and tells."""
        return (*self.inputs.model_fields, *self.outputs.model_fields)


class Noun(Protocol):
    """One kind of resource. Inputs and outputs are plain JSON; errors are a ModalStackError."""

    @property
    def schema(self) -> Schema:
        """What it takes and tells."""

    def completed(self, olds: Props, inputs: dict[str, Any]) -> dict[str, Any]:
        """Sound inputs with what is worked out of them; `olds` are those of before."""

    def create(self, inputs: Props) -> Mapping[str, Any]:
        """Make it, or take over what an earlier create left; all outputs."""

    def read(self, place: Props, inputs: Props) -> Found | Gone | None:
        """How it is now; None or how it went when it is gone. `inputs` are empty for an import."""

    def update(self, olds: Props, inputs: Props) -> Mapping[str, Any]:
        """Change it in place; all outputs. `olds` are the outputs of before."""

    def delete(self, outputs: Props) -> None:
        """Remove it; one that is gone already is fine."""


class NounProvider(ResourceProvider):
    """Holds nothing: a state file stores its subclasses by their paths, and runs today's code."""

    serialize_as_secret_always = False

    def noun(self) -> Noun:
        """What this provider is for."""
        raise NotImplementedError

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Inputs, canonical and complete; what is wrong with them."""
        noun = self.noun()
        inputs, problems = checked(noun.schema, plain(news))
        if not problems:
            inputs = noun.completed(plain(_olds), inputs)
        return CheckResult(inputs, [CheckFailure(path, reason) for path, reason in problems])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """What replaces it; the engine finds where inputs differ."""
        schema, olds, news = self.noun().schema, plain(_olds), plain(_news)
        replaces = [
            key for key in _changed(schema, olds, news) if schema.effects[key].kind == "replacement"
        ]
        if replaces:  # a preview asks no further
            current().note(_explained(schema, replaces))
        # What stays under its name cannot be there twice.
        first = bool(replaces) and not {*replaces} & {*schema.place, "workspace"}
        return DiffResult(changes=None, replaces=replaces, delete_before_replace=first or None)

    def predict(self, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        """Outputs that are certain at preview; our host asks, Pulumi's own does not."""
        schema, before = self.noun().schema, plain(olds)
        changed = _changed(schema, before, plain(news)) if before else []
        if changed:
            current().note(_explained(schema, changed))
        return {key: olds[key] for key in schema.lasting if key in olds}

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make it; one that an earlier create left is taken over, so that a lost create heals."""
        noun, inputs = self.noun(), plain(props)
        outputs = dict(noun.create(inputs))
        return CreateResult(id_of(noun.schema, {**inputs, **outputs}), outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """How it is in Modal now."""
        noun, known = self.noun(), plain(props)
        wanted = noun.schema.place
        is_import = not {*wanted} <= {*known}
        place = place_of(id_, wanted=wanted) if is_import else known
        found = noun.read(place, {**known, **plain(current().inputs)})
        if not isinstance(found, Found):
            return found or ReadResult(None, {})
        outputs = dict(found.outputs)
        inputs = None if found.inputs is None else dict(found.inputs)
        return ReadResult(id_of(noun.schema, outputs) if is_import else id_, outputs, inputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Change it in place."""
        return UpdateResult(dict(self.noun().update(plain(_olds), plain(_news))))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove it."""
        self.noun().delete(plain(_props))


def checked(schema: Schema, raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Complete inputs, and (property, what is wrong with it); unknown values are let through."""
    unknown = {name: value for name, value in raw.items() if has_unknown(value)}
    said = {
        name: known_part(value) if isinstance(value, Mapping) else value
        for name, value in raw.items()
        if name not in unknown or isinstance(value, Mapping)
    }
    result = check(schema.inputs, said, "")
    problems = [*_serious(result.problems, unknown)]
    environment = said.get(schema.bound_by)
    if isinstance(environment, str) and not any(path == schema.bound_by for path, _ in problems):
        problems += unbound(schema.bound_by, environment)
    if problems:
        return dict(raw), problems
    sound = {**(result.model.canonical() if result.model else said), **unknown}
    problems = [*_serious(schema.relations(sound), {})]
    return (dict(raw), problems) if problems else (sound, [])


def _changed(schema: Schema, olds: Props, news: Props) -> list[str]:
    """The inputs that differ from the outputs of before, of those whose change does something."""
    return [
        key
        for key in schema.effects
        if (key in olds or key in news) and key not in schema.untold
        if olds.get(key) != news.get(key)
    ]


def _explained(schema: Schema, keys: Iterable[str]) -> str:
    """What a change of each does, a line for each."""
    return "\n".join(
        f"{key}: {schema.effects[key].kind} ({schema.effects[key].reason})" for key in keys
    )


def id_of(schema: Schema, props: Props) -> str:
    """What finds a resource: `<environment>/<name>`."""
    return "/".join(str(props[part]) for part in schema.place)


def _serious(problems: Iterable[Problem], unknown: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """All but "is missing" of what only is not known yet."""
    absent = {f"{name} is missing" for name in unknown}
    for problem in problems:
        if problem.message not in absent:
            yield (problem.path or problem.message.partition(" ")[0]), problem.reason()
