"""Whether an answer is the expected one, and where it is not. Pure.

A map must contain the expected keys, and may have others. Everything else must be equal: lists
element by element, numbers to a millionth, for a float is rarely the same on two cards.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi_modal.spec.problem import join

CLOSE: Final = 1e-6
_SHOWN: Final = 60


def difference(expected: Any, answer: Any, path: str = "") -> str:
    """Where the answer is not as expected, in a few words; empty when it is."""
    if isinstance(expected, Mapping):
        return _of_maps(expected, answer, path)
    if _is_list(expected):
        return _of_lists(expected, answer, path)
    if _is_number(expected) and _is_number(answer):
        same = math.isclose(expected, answer, rel_tol=CLOSE, abs_tol=CLOSE)
    else:
        same = type(expected) is type(answer) and expected == answer
    return "" if same else _words(path, answer, f"{brief(expected)}")


def brief(value: Any) -> str:
    """A value in a few characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _of_maps(expected: Mapping[str, Any], answer: Any, path: str) -> str:
    if not isinstance(answer, Mapping):
        return _words(path, answer, "a map")
    for name, one in expected.items():
        if name not in answer:
            return f"{join(path, name)} is missing"
        found = difference(one, answer[name], join(path, name))
        if found:
            return found
    return ""


def _of_lists(expected: Sequence[Any], answer: Any, path: str) -> str:
    if not _is_list(answer):
        return _words(path, answer, "a list")
    if len(answer) != len(expected):
        where = f"{path} has" if path else "it has"
        return f"{where} {len(answer)} elements, not {len(expected)}"
    found = (
        difference(one, other, join(path, at))
        for at, (one, other) in enumerate(zip(expected, answer, strict=True))
    )
    return next((one for one in found if one), "")


def _words(path: str, answer: Any, wanted: str) -> str:
    where = f"{path} is" if path else "it is"
    return f"{where} {brief(answer)}, not {wanted}"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
