"""The schema of all resources in the form of Pulumi's packages, from the models that check them."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pulumi_modal.provider.catalogue import SCHEMAS
from pulumi_modal.provider.noun import Schema
from pulumi_modal.provider.registry import TYPES
from pulumi_modal.spec.reference import row_of
from pulumi_modal.spec.resources.secret import COMPUTED

_ANYTHING: Final = {"$ref": "pulumi.json#/Any"}
_PLAIN: Final[Mapping[Any, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
}


def package_schema() -> dict[str, Any]:
    """All resources and the types in them."""
    inner: dict[str, Any] = {}
    resources = {f"modal:index:{name}": _resource(name, inner) for name in SCHEMAS}
    return {
        "name": "modal",
        "displayName": "Modal",
        "version": version("pulumi-modal"),
        "description": "Pulumi provider for Modal: declared, previewed, reviewed GPU inference.",
        "types": dict(sorted(inner.items())),
        "resources": resources,
    }


def _resource(name: str, inner: dict[str, Any]) -> dict[str, Any]:
    schema = SCHEMAS[name]
    inputs = {key: info for key, info in schema.inputs.model_fields.items() if key not in COMPUTED}
    told = {**inputs, **schema.outputs.model_fields}
    return {
        "description": schema.inputs.__doc__,
        "inputProperties": {key: _input(key, info, schema, inner) for key, info in inputs.items()},
        "requiredInputs": required(inputs),
        "properties": {
            key: _property(key, info, inner)
            for key, info in told.items()
            if key not in schema.untold
        },
        "required": sorted(
            {*required(inputs), "name"} & {*inputs} | {*schema.outputs.model_fields}
        ),
        "language": {"python": {"stateType": f"{TYPES}{name}"}},
    }


def required(inputs: Mapping[str, FieldInfo]) -> list[str]:
    """What must be given; a name that is left out is the resource's."""
    return sorted(
        key
        for key, info in inputs.items()
        if info.is_required() and _extra(info).get("default") == "required"
    )


def _input(key: str, info: FieldInfo, schema: Schema, inner: dict[str, Any]) -> dict[str, Any]:
    effect = schema.effects.get(key)
    described = _property(key, info, inner)
    if effect is not None and effect.kind == "replacement":
        described["willReplaceOnChanges"] = True
    if not info.is_required() and isinstance(info.default, (str, int)):
        described["default"] = info.default
    return described


def _property(key: str, info: FieldInfo, inner: dict[str, Any]) -> dict[str, Any]:
    _, meaning, _, allowed, _ = row_of(key, info)
    words = f"{meaning} Allowed: {allowed}." if allowed else meaning
    described: dict[str, Any] = {**_type(info.annotation, inner), "description": words}
    if _extra(info).get("secret"):
        described["secret"] = True
    return described


def _type(annotation: Any, inner: dict[str, Any]) -> dict[str, Any]:
    """A type as Pulumi writes it; models become types of their own."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(parts[0], inner)
    if origin in {Union, types.UnionType}:
        return _one_of([one for one in parts if one is not type(None)], inner)
    if isinstance(origin, type):
        return _collection(origin, parts, inner)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {"$ref": f"#/types/{_inner_type(annotation, inner)}"}
    found = "string" if origin is Literal else _PLAIN.get(annotation)
    return {"type": found} if found else dict(_ANYTHING)


def _collection(origin: type, parts: Sequence[Any], inner: dict[str, Any]) -> dict[str, Any]:
    if issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _type(parts[1], inner)}
    return {"type": "array", "items": _type(parts[0], inner)}


def _one_of(parts: Iterable[Any], inner: dict[str, Any]) -> dict[str, Any]:
    found = [_type(one, inner) for one in parts]
    return found[0] if len(found) == 1 else {"oneOf": found}


def _inner_type(model: type[BaseModel], inner: dict[str, Any]) -> str:
    name = f"modal:index:{model.__name__}"
    if name not in inner:
        inner[name] = {}  # a model may hold itself
        inner[name] = {
            "type": "object",
            "description": model.__doc__,
            "properties": {
                key: _property(key, info, inner) for key, info in model.model_fields.items()
            },
        }
    return name


def _extra(info: FieldInfo) -> Mapping[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
