"""From pydantic's errors to problems with a path, what is allowed and the nearest valid choice.

Every reported path exists in the input: what is missing is reported where it is missing from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin

from pydantic import ValidationError

from pulumi_modal.spec.model import Frozen
from pulumi_modal.spec.naming import SECRET_KEY
from pulumi_modal.spec.problem import HIDDEN, Problem, join, nearest_of
from pulumi_modal.spec.refusal import Refusal

ModelT = TypeVar("ModelT", bound=Frozen)
Parts = tuple[str | int, ...]

_SECRETIVE = frozenset({"env", "secrets", "values"})
_KINDS: Mapping[str, str] = {
    "dict_type": "is not a map",
    "mapping_type": "is not a map",
    "model_type": "is not a map",
    "model_attributes_type": "is not a map",
}


@dataclass(frozen=True)
class Checked(Generic[ModelT]):
    """What became of a map: the model when all is well, what could be read, and the problems."""

    model: ModelT | None
    partial: ModelT | None
    """The model of the keys that are well, for checks of one key against another."""
    problems: list[Problem] = field(default_factory=list)


def check(
    model: type[ModelT],
    raw: object,
    path: str,
    *,
    origins: Mapping[str, Parts] | None = None,
) -> Checked[ModelT]:
    """Read a map with a model.

    `origins` says where in the input a key really stood, when that is somewhere else.
    """
    if not isinstance(raw, Mapping):
        allowed = f"a map with keys of {', '.join(model.model_fields)}"
        return Checked(None, None, [not_a_map(path, raw, allowed)])
    named = {str(name): value for name, value in raw.items()}
    try:
        made = model.model_validate(named)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    else:
        return Checked(made, made)
    problems = [_problem(one, model, path, origins or {}) for one in errors]
    bad = {str(one["loc"][0]) for one in errors if one["loc"]}
    return Checked(None, _without(model, named, bad), problems)


def not_a_map(path: str, value: object, allowed: str) -> Problem:
    """Something else stands where a map must be."""
    return Problem(path, "is not a map", hidden_if_secret(value, (path,)), allowed)


def unknown_key(path: str, name: str, known: Sequence[str]) -> Problem:
    """A key that means nothing, with the one that was probably meant."""
    near = nearest_of(name, known)
    allowed = "" if near else ", ".join(known)
    return Problem(join(path, name), "is not a known key", allowed=allowed, nearest=near)


def hidden_if_secret(value: object, parts: Sequence[str | int]) -> object:
    """The value, unless its place says that it may be a secret."""
    names = [str(part) for part in parts]
    if _SECRETIVE & set(names) or any(SECRET_KEY.search(name) for name in names):
        return HIDDEN
    return value


def _without(model: type[ModelT], raw: Mapping[str, Any], bad: set[str]) -> ModelT | None:
    try:
        return model.model_validate({name: raw[name] for name in raw if name not in bad})
    except ValidationError:
        return None


def _problem(error: Any, model: type[Frozen], path: str, origins: Mapping[str, Parts]) -> Problem:
    parts: Parts = error["loc"]
    is_key = len(parts) > 2 and parts[-1] == "[key]"  # noqa: PLR2004  # field, key, this mark
    parts = parts[:-1] if is_key else parts
    if error["type"] == "extra_forbidden":
        known = tuple(_inner_model(model, parts[:-1]).model_fields)
        return unknown_key(join(path, *parts[:-1]), str(parts[-1]), known)
    if error["type"] == "missing":
        return Problem(join(path, *parts[:-1]), f"{parts[-1]} is missing")
    refusal = error.get("ctx", {}).get("error")
    value, where = error["input"], parts
    message, nearest = _KINDS.get(error["type"], "is not possible"), ""
    allowed = _allowed(model, parts)
    if isinstance(refusal, Refusal):
        message, allowed, nearest = refusal.message, refusal.allowed, refusal.nearest
        for step in refusal.at:
            value = value[step]
        where = (*parts, *refusal.at)
    shown = value if is_key else hidden_if_secret(value, where)
    if shown is HIDDEN and isinstance(value, str):
        nearest = ""  # it would be made of the value
    return Problem(join(path, *_origin(where, origins)), message, shown, allowed, nearest)


def _inner_model(model: type[Frozen], parts: Parts) -> type[Frozen]:
    """The model of a map inside a map."""
    for part in parts:
        info = model.model_fields.get(str(part))
        said = [
            get_args(one)[0] if get_origin(one) is Annotated else one
            for one in get_args(info.annotation if info else None)
        ]
        inner = [one for one in said if isinstance(one, type) and issubclass(one, Frozen)]
        model = inner[0] if inner else model
    return model


def _allowed(model: type[Frozen], parts: Parts) -> str:
    """What the description of a map's key says."""
    info = model.model_fields.get(str(parts[0])) if len(parts) == 1 else None
    extra = info.json_schema_extra if info else None
    return str(extra.get("allowed", "")) if isinstance(extra, dict) else ""


def _origin(parts: Parts, origins: Mapping[str, Parts]) -> Parts:
    if parts and parts[0] in origins:
        return (*origins[str(parts[0])], *parts[1:])
    return parts
