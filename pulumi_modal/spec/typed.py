"""The typed dictionaries that programs write settings in, made of the models that read them.

`python -m pulumi_modal.spec.typed pulumi_modal/resources/settings.py` writes them; a test compares
the file and the models. Each key says what it is, so that an editor can show it.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import PlainValidator
from pydantic.fields import FieldInfo

from pulumi_modal.spec.canary import Canary
from pulumi_modal.spec.model import Frozen
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.probe import Probe
from pulumi_modal.spec.quantity import RequestAndLimit
from pulumi_modal.spec.retries import Retries
from pulumi_modal.spec.web import Web

DICTIONARIES: Final[Mapping[str, tuple[type[Frozen], str]]] = {
    "RetrySettings": (Retries, "How often, and how fast, a failed input runs again."),
    "WebSettings": (Web, "What is said of the web endpoint that the code declares."),
    "FunctionSettings": (
        FunctionOverrides,
        "Settings of a function, class or server, over those in its code.",
    ),
    "ProbeSettings": (Probe, "When a deployed app counts as ready."),
    "CanarySettings": (Canary, "How a new version is tried beside the old one, under load."),
}
_HEAD: Final = '''"""Settings as programs write them, key by key: made of the models that read them.

`python -m pulumi_modal.spec.typed pulumi_modal/resources/settings.py` writes this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import {typing}

import pulumi
'''
_LISTED: Final = "{0} | Sequence[pulumi.Input[{0}]]"
_BY_RULE: Final[Mapping[str, str]] = {
    "Cores": "float",
    "Delay": "float | str",
    "Duration": "float | str",
    "Gpu": _LISTED.format("str"),
    "ListOf": "Sequence[pulumi.Input[str]]",
    "Mebibytes": "int | str",
    "Milliseconds": "float | str",
    "OneOrMore": _LISTED.format("str"),
    "RetryRule": "int | RetrySettings",
}
"""What a rule takes, where that is more than what it makes of it."""
_BY_ANNOTATION: Final[Mapping[Any, str]] = {str: "str", int: "int", float: "float", bool: "bool"}
_WIDTH: Final = 96


def module_text() -> str:
    """The whole file."""
    body = "".join(_dictionary(name) for name in DICTIONARIES)
    typing = "Any, TypedDict" if ": Any\n" in body else "TypedDict"
    return f"{_HEAD.format(typing=typing)}{body}"


def _dictionary(name: str) -> str:
    model, meaning = DICTIONARIES[name]
    parts = [f'\n\nclass {name}(TypedDict, total=False):\n    """{meaning}"""\n']
    for key, info in model.model_fields.items():
        parts.append(f"\n    {key}: {_declared(_type(info))}\n{_doc(info)}")
    return "".join(parts)


def _declared(taken: str) -> str:
    return taken if taken == "Any" else f"pulumi.Input[{taken}]"


def _type(info: FieldInfo) -> str:
    rules: list[Any] = [one.func for one in info.metadata if isinstance(one, PlainValidator)]
    for rule in rules:
        if isinstance(rule, RequestAndLimit):
            return _LISTED.format(_BY_RULE[type(rule.rule).__name__])
        if type(rule).__name__ in _BY_RULE:
            return _BY_RULE[type(rule).__name__]
    parts = [one for one in _parts(info.annotation) if one is not type(None)]
    if len(parts) != 1:
        return "Any"
    return _of_annotation(parts[0])


def _of_annotation(annotation: Any) -> str:
    named = [name for name, (model, _) in DICTIONARIES.items() if model is annotation]
    if named:
        return named[0]
    if get_origin(annotation) is dict:
        return "Mapping[str, pulumi.Input[str]]"
    return _BY_ANNOTATION.get(annotation, "Any")


def _parts(annotation: Any) -> tuple[Any, ...]:
    """The members of a union; anything else alone."""
    if get_origin(annotation) is None or get_origin(annotation) is dict:
        return (annotation,)
    return get_args(annotation)


def _doc(info: FieldInfo) -> str:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    unit = f" Unit: {extra['unit']}." if extra.get("unit") else ""
    without = f" Without it: {extra['default']}." if extra.get("default") else ""
    example = f" Example: `{extra['example']}`." if extra.get("example") else ""
    text = f'"""{info.description}{unit}{without}{example}"""'
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "".join(f"    {line}\n" for line in lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(module_text(), "utf-8")
