"""Plan all apps of a stack at once, and say what is wrong with them where the stack says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import ModalStackError
from pulumi_modal.planning.plan import plan_all
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.effective import check_effective
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.pattern import planned_problems
from pulumi_modal.spec.plan import Plan
from pulumi_modal.spec.problem import Problem, join
from pulumi_modal.spec.service import ServiceSpec
from pulumi_modal.spec.stack import ParsedStack

_SETTINGS: Final = "|".join(FunctionOverrides.model_fields)
_PLACE: Final = re.compile(rf"(functions\.[A-Za-z0-9_-]+(?:\.[a-z_]+)?|{_SETTINGS}): ")
"""How a planner's sentence says what it is about."""


@dataclass(frozen=True)
class Planned:
    """The plan of every app, by the app's name, and what is wrong."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _App:
    path: str
    """Where the stack declares it."""
    service: ServiceSpec


def plan_services(parsed: ParsedStack, root: Path) -> Planned:
    """Plan every app of the sound services."""
    apps = list(_apps(parsed.sound))
    requests = [plan_request(app.service, parsed.environment, root) for app in apps]
    plans: dict[str, Plan] = {}
    problems: list[Problem] = []
    for app, found in zip(apps, plan_all(requests), strict=True):
        if isinstance(found, Plan):
            plans[app.service.app_name] = found
            problems += plan_problems(app.service, found, app.path)
        elif isinstance(found, ModalStackError):
            problems += _refusals(app, str(found))
    return Planned(plans, tuple(problems))


def plan_request(service: ServiceSpec, environment: str, root: Path) -> PlanRequest:
    """What the planner needs to know of an app."""
    return PlanRequest(
        source=service.source,
        root=root,
        app_name=service.app_name,
        environment=environment,
        app=service.app or "",
        overrides=_functions(service),
        settings=service.settings.settings(),
    )


def overrides(service: ServiceSpec, plan: Plan) -> dict[str, dict[str, Any]]:
    """The settings by function, those for the only function among them."""
    found = {name: dict(settings) for name, settings in _functions(service).items()}
    everywhere = service.settings.settings()
    if everywhere and len(plan.functions) == 1:
        (only,) = plan.functions
        found[only] = {**everywhere, **found.get(only, {})}
    return {name: settings for name, settings in found.items() if settings}


def plan_problems(service: ServiceSpec, plan: Plan, path: str) -> Iterator[Problem]:
    """What is wrong, or surprising, with code and stack together."""
    yield from planned_problems(service.pattern, plan.functions, path)
    effective = {name: one.effective for name, one in plan.functions.items()}
    set_here = {
        join(path, "functions", name, key)
        for name, settings in overrides(service, plan).items()
        for key in settings
    }
    for problem in check_effective(effective, path):
        if problem.path.partition("[")[0] not in set_here:
            yield replace(problem, message=f"(in the code) {problem.message}")
        elif problem.is_error:
            yield problem
    for sentence in plan.warnings:
        yield Problem(*_placed(sentence, path), severity="warning")


def _apps(services: Mapping[str, ServiceSpec]) -> Iterator[_App]:
    for name, service in services.items():
        for variant, one in service.deployments().items():
            below = ("variants", variant) if variant else ()
            yield _App(join("services", name, *below), one)


def _functions(service: ServiceSpec) -> dict[str, dict[str, Any]]:
    return {name: one.settings() for name, one in service.functions.items()}


def _refusals(app: _App, message: str) -> Iterator[Problem]:
    """The planner's refusals, each at its place in the stack."""
    said = message.removeprefix(f"{app.service.source}: ")
    if not _PLACE.match(said):
        yield Problem(app.path, message)
        return
    for sentence in re.split(r"; and (?=functions\.)", said):
        yield Problem(*_placed(sentence, app.path))


def _placed(sentence: str, path: str) -> tuple[str, str]:
    """Path and message of a planner's sentence."""
    found = _PLACE.match(sentence)
    if not found:
        return path, sentence
    return join(path, *found[1].split(".")), sentence[found.end() :]
