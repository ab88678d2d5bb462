"""What a plan says against a stack: each problem at its place in the stack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from pulumi_modal.spec.effective import check_effective
from pulumi_modal.spec.model import JsonValue
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.pattern import planned_problems
from pulumi_modal.spec.plan import Plan
from pulumi_modal.spec.problem import Problem, join
from pulumi_modal.spec.release import planned_release_problems

from .places import DeclaredApp

_SETTING: Final = "|".join(FunctionOverrides.model_fields)
_ABOUT: Final = re.compile(rf"(?:functions\.([A-Za-z0-9_-]+)(?:\.({_SETTING}))?|({_SETTING})): ")
"""How a planner's sentence says what it is about."""


def unknown_names(app: DeclaredApp, plan: Plan) -> Iterator[Problem]:
    """What the stack names and the code has not: all that is known of settings half read."""
    for sentence in plan.refused:
        found = _ABOUT.match(sentence)
        if found is None or not found[2]:
            yield Problem(*_placed(sentence, app))


def plan_problems(app: DeclaredApp, plan: Plan) -> Iterator[Problem]:
    """What is wrong, or surprising, with code and stack together."""
    for sentence in plan.refused:
        yield Problem(*_placed(sentence, app))
    yield from planned_problems(app.spec.pattern, plan.functions, app.home)
    yield from planned_release_problems(app.spec, plan.functions, app.home, app.place)
    for name, function in plan.functions.items():
        yield from _effective(app, name, function.effective)
    for sentence in plan.warnings:
        yield Problem(*_placed(sentence, app), severity="warning")


def _effective(app: DeclaredApp, name: str, settings: Mapping[str, JsonValue]) -> Iterator[Problem]:
    here = join("functions", name)
    for problem in check_effective({name: settings}):
        rest = problem.path.removeprefix(f"{here}.")
        key = re.split(r"[.\[]", rest)[0]
        at = app.setting(name, key)
        if at is None:
            message = f"(in the code) {problem.message}"
            yield replace(problem, path=f"{app.home}.{problem.path}", message=message)
        elif problem.is_error:  # its surprises are known from the stack itself
            yield replace(problem, path=f"{at}{rest.removeprefix(key)}")


def _placed(sentence: str, app: DeclaredApp) -> tuple[str, str]:
    """Path and message of a planner's sentence."""
    found = _ABOUT.match(sentence)
    if not found:
        return app.source, sentence
    function, key = found[1] or "", found[2] or found[3]
    message = sentence[found.end() :]
    if not key:
        return app.function(function), message
    return app.place(function, key), message
