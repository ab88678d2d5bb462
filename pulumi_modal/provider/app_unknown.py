"""Settings that are known only after an apply: planned without, and told as unknown. Pure.

An App whose variable `MODEL` comes from another resource is planned at preview like any other: only
what the unknown value decides is unknown, not the whole app.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi.output import Unknown

from pulumi_modal.provider.app_inputs import SAID
from pulumi_modal.provider.props import Props, has_unknown

NAMES: Final = ("source", "app_name", "app", "environment")
"""Without these nothing can be planned."""
UNKNOWN: Final = Unknown()  # type: ignore[no-untyped-call]
_DECIDE: Final[Mapping[str, str]] = {"env": "digest", "secrets": "needs", "volumes": "needs"}
"""Setting -> what else follows from its value."""


def without_unknown(value: Any) -> Any:
    """Maps without what is unknown in them; None for a value that is not known as a whole."""
    if isinstance(value, Mapping):
        known = {name: without_unknown(one) for name, one in value.items()}
        return {name: one for name, one in known.items() if one is not None}
    return None if has_unknown(value) else value


def with_unknown(inputs: Props, news: Props) -> dict[str, Any]:
    """Complete inputs that were planned without what is unknown, with that put back."""
    words = (word for word in SAID if word not in inputs)
    found = {**inputs, **{word: news[word] for word in words if has_unknown(news.get(word))}}
    functions = {name: dict(one) for name, one in inputs["functions"].items()}
    code = {name: dict(one) for name, one in inputs["code"].items()}
    for name, key, value in _unknown_settings(news, functions):
        functions[name][key] = _laid_over(functions[name].get(key), value)
        code.setdefault(name, {})[key] = UNKNOWN
        if key in _DECIDE:
            found[_DECIDE[key]] = UNKNOWN
    return {**found, "functions": functions, "code": code}


def _unknown_settings(news: Props, functions: Props) -> Iterator[tuple[str, str, Any]]:
    """Function, key and value of each setting with something unknown in it."""
    said = dict(news.get("functions") or {})
    if len(functions) == 1:  # settings of the app are those of its only function
        only = next(iter(functions))
        said[only] = {**(news.get("settings") or {}), **said.get(only, {})}
    for name, settings in said.items():
        for key, value in settings.items() if name in functions else ():
            if has_unknown(value):
                yield name, key, value


def _laid_over(effective: Any, value: Any) -> Any:
    """What is known of a map stays; any other value is unknown as a whole."""
    if not isinstance(value, Mapping) or not isinstance(effective, Mapping):
        return UNKNOWN
    unknown = {name: one for name, one in value.items() if has_unknown(one)}
    return {**effective, **unknown}
