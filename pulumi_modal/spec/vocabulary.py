"""The words of older Modal releases: understood, translated, and explained in one warning each.

None of them is passed on: the SDK answers them with an error (modal 1.6.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi_modal.spec.problem import Problem, join
from pulumi_modal.spec.validation import Parts, hidden_if_secret, not_a_map

OLD_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "concurrency_limit": ("max_containers", "it always limited containers, not requests"),
    "keep_warm": ("min_containers", "Modal renamed it"),
    "container_idle_timeout": ("scaledown_window", "Modal renamed it"),
    "allow_concurrent_inputs": ("max_inputs", "it is a limit for each container"),
}
"""Old word -> the setting it became, and why."""

ON_METHODS: Final[Mapping[str, tuple[str, str]]] = {
    "concurrency_limit": ("max_inputs", "all methods of a class share its containers"),
    "allow_concurrent_inputs": ("max_inputs", "all methods of a class share its containers"),
    "keep_warm": ("min_containers", "all methods of a class share its containers"),
    "container_idle_timeout": ("scaledown_window", "all methods of a class share its containers"),
    "timeout": ("timeout", "it holds for all methods of the class"),
}
"""Word under a method -> the setting of the class it became, and why."""

IN_CODE: Final[Mapping[str, str]] = {
    "schedule": "belongs to the code (`schedule=modal.Cron(...)`)",
    "image": "belongs to the code (`image=...`)",
    "single_use_containers": "belongs to the code; for one input per container set max_inputs: 1",
    "enable_memory_snapshot": "belongs to the code",
    "proxy": "belongs to the code (`proxy=modal.Proxy.from_name(...)`)",
}
"""Arguments of Modal's decorators that a stack cannot set."""

METHODS: Final = "methods"


@dataclass(frozen=True)
class Words:
    """Settings in today's words, and what was said about the others."""

    settings: dict[str, Any]
    origins: dict[str, Parts] = field(default_factory=dict)
    """Setting -> where it stood in the input, when it stood under another word."""
    problems: list[Problem] = field(default_factory=list)


def translated(raw: Mapping[Any, Any], path: str) -> Words:
    """The settings of one function or class in today's words."""
    words = Words({})
    old: list[tuple[Parts, str, Any, Mapping[str, tuple[str, str]]]] = []
    for name, value in ((str(name), value) for name, value in raw.items()):
        if name in OLD_WORDS:
            old.append(((name,), name, value, OLD_WORDS))
        elif name == METHODS:
            old += _under_methods(value, path, words)
        elif name in IN_CODE:
            message = f"is not for a stack: it {IN_CODE[name]}; remove it here"
            words.problems.append(Problem(join(path, name), message))
        else:
            words.settings[name] = value
    for parts, name, value, table in old:
        _take(words, path, parts, value, table[name])
    return words


def _under_methods(
    methods: Any, path: str, words: Words
) -> list[tuple[Parts, str, Any, Mapping[str, tuple[str, str]]]]:
    at = join(path, METHODS)
    if not isinstance(methods, Mapping):
        words.problems.append(not_a_map(at, methods, "a map from a method to its settings"))
        return []
    found: list[tuple[Parts, str, Any, Mapping[str, tuple[str, str]]]] = []
    for method, settings in ((str(name), value) for name, value in methods.items()):
        if not isinstance(settings, Mapping):
            words.problems.append(not_a_map(join(at, method), settings, "a map of settings"))
            continue
        for name, value in ((str(name), value) for name, value in settings.items()):
            if name in ON_METHODS:
                found.append(((METHODS, method, name), name, value, ON_METHODS))
                continue
            message = "is not a setting of a method: set it on the class, for all of its methods"
            shown = hidden_if_secret(value, (name,))
            words.problems.append(Problem(join(at, method, name), message, shown))
    return found


def _take(words: Words, path: str, parts: Parts, value: Any, became: tuple[str, str]) -> None:
    new, why = became
    where = join(path, *parts)
    if new in words.settings:
        other = join("", *words.origins.get(new, (new,)))
        words.problems.append(
            Problem(where, f"means {new}, which {other} sets already; keep one of them", value)
        )
        return
    words.settings[new] = value
    words.origins[new] = parts
    words.problems.append(
        Problem(where, f"became {new}: {why}; write {new}", value, severity="warning")
    )
