"""Checks of effective settings: code and stack together. Pure; the planner calls them.

The SDK's own checks are skipped where settings are applied, and it never had most of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi_modal.spec.model import JsonValue
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.problem import Problem, join
from pulumi_modal.spec.relations import relation_problems
from pulumi_modal.spec.surprises import setting_warnings
from pulumi_modal.spec.validation import check

_CHECKED_BY_MODAL: Final = frozenset({"schedule", "secrets", "volumes", "env", "web"})
"""Keys whose effective value has another form than the stack's, or comes from the SDK's objects."""


def check_effective(
    functions: Mapping[str, Mapping[str, JsonValue]], path: str = ""
) -> list[Problem]:
    """What cannot be deployed, or is surprising, in the effective settings of an app's functions.

    Paths are `<path>.functions.<name>.<key>`.
    """
    found = []
    for name, settings in sorted(functions.items()):
        found += _one(settings, join(path, "functions", name))
    return found


def _one(settings: Mapping[str, JsonValue], path: str) -> list[Problem]:
    plain = {name: value for name, value in settings.items() if name not in _CHECKED_BY_MODAL}
    if plain.get("startup_timeout") == plain.get("timeout"):
        plain.pop("startup_timeout", None)  # Modal made it of the timeout; say it once
    checked = check(FunctionOverrides, plain, path)
    found = list(checked.problems)
    if checked.partial is not None:
        known = checked.partial.settings()
        found += relation_problems(known, path)
        found += _in_flight_problems(known, path)
        found += setting_warnings(plain, known, path, {})
    return found


def _in_flight_problems(settings: Mapping[str, Any], path: str) -> list[Problem]:
    declared, derived = settings.get("max_in_flight"), derive_max_in_flight(settings)
    if declared is None or derived is None or declared == derived:
        return []
    message = (
        f"is not max_containers x inputs per container ({settings['max_containers']} x"
        f" {inputs_per_container(settings)})"
    )
    return [Problem(join(path, "max_in_flight"), message, declared, nearest=str(derived))]


def inputs_per_container(settings: Mapping[str, JsonValue]) -> int:
    """Inputs that one container works on; with batching each slot holds a batch."""
    return int(settings.get("max_inputs") or 1) * int(settings.get("max_batch_size") or 1)


def derive_max_in_flight(settings: Mapping[str, JsonValue]) -> int | None:
    """Inputs that a function works on at most; None when its containers have no limit."""
    if not settings.get("max_containers"):
        return None
    return int(settings["max_containers"]) * inputs_per_container(settings)
