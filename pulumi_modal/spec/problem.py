"""What is wrong with a stack, in words for people: where, what value, what is allowed instead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal

Severity = Literal["error", "warning"]

NO_VALUE: Final = "\0no value"
"""Stands for "there is no value to show": the problem is about something that is missing."""
HIDDEN: Final = "\0hidden"
"""Stands for a value that may be a secret and is never shown."""

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_VALUE: Final = 80


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong (or, as a warning, surprising) in a stack.

    `message` goes on from the value: "is not a GPU of Modal". Without a value it is a sentence.
    """

    path: str
    """Where, as in `services.embeddings.functions.Embedder.gpu`; empty is the stack itself."""
    message: str
    value: Any = NO_VALUE
    allowed: str = ""
    nearest: str = ""
    """The valid choice that is nearest to the value, as one would write it in YAML."""
    severity: Severity = "error"

    @property
    def is_error(self) -> bool:
        """True when the stack is refused for it."""
        return self.severity == "error"

    def line(self) -> str:
        """The problem in one line."""
        return " ".join(f"{self.path or 'stack'}: {self.reason()}".split())

    def reason(self) -> str:
        """The same without the path: for where that is told apart."""
        text = f"{shown(self.value)} {self.message}"
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        if self.nearest:
            text += f"; did you mean {self.nearest}?"
        return " ".join(text.split())


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By path, each once."""
    unique = {(problem.path, problem.line(), problem.severity): problem for problem in problems}
    return tuple(problem for _, problem in sorted(unique.items(), key=lambda one: one[0]))


def join(path: str, *keys: str | int) -> str:
    """The path one or more steps further down: `services.a`, `gpu[1]`, `env["a b"]`."""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        elif _PLAIN_KEY.fullmatch(key):
            path += f".{key}" if path else key
        else:
            path += f"[{json.dumps(key, ensure_ascii=False)}]"
    return path


def shown(value: Any) -> str:
    """A value as one would write it, short; maps and lists by their shape only."""
    if isinstance(value, str) and value == NO_VALUE:
        return ""
    if isinstance(value, str) and value == HIDDEN:
        return "the value (not shown)"
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "null"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def nearest_of(value: object, choices: Iterable[str]) -> str:
    """The choice that looks most like the value, whatever its case; empty when none does."""
    by_folded = {choice.casefold(): choice for choice in choices}
    text = str(value).strip().casefold()[:_LONGEST_VALUE]
    begun = [choice for choice in by_folded if text and choice.startswith(text)]
    found = get_close_matches(text, by_folded, n=1, cutoff=0.5) or begun
    return by_folded[found[0]] if found else ""
