"""Plan all apps of a stack at once, and say what is wrong with them where the stack says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pulumi

from pulumi_modal.errors import ModalStackError
from pulumi_modal.planning.plan import plan_all
from pulumi_modal.planning.plan_cache import plan_cache
from pulumi_modal.source.request import DEFAULT_DEADLINE_S, PlanRequest
from pulumi_modal.spec.plan import Plan
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.service import ServiceSpec
from pulumi_modal.spec.stack import ParsedStack

from .places import DeclaredApp, declared_apps
from .verdicts import plan_problems, unknown_names


@dataclass(frozen=True)
class Planned:
    """The plan of every app, by the app's name, and what is wrong."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    printed: Mapping[str, str] = field(default_factory=dict)
    """What files printed while they were imported, by source."""


def plan_services(
    parsed: ParsedStack, root: Path, deadline_s: float = DEFAULT_DEADLINE_S
) -> Planned:
    """Plan every app of the sound services; load the files of the others, to tell all at once."""
    sound = list(declared_apps(parsed.sound))
    others = [
        DeclaredApp(name, "", service, service)
        for name, service in parsed.readable.items()
        if name not in parsed.sound and service.source
    ]
    requests = [plan_request(app.spec, parsed.environment, root) for app in sound]
    requests += [_load_request(app.spec, parsed.environment, root) for app in others]
    timed = [replace(one, deadline_s=deadline_s) for one in requests]
    found = plan_all(timed, plan_cache(), is_preview=pulumi.runtime.is_dry_run())
    plans, problems, printed = {}, [], {}
    for app, one in zip([*sound, *others], found, strict=True):
        if isinstance(one, ModalStackError):
            problems.append(Problem(app.source, str(one)))
            continue
        if one.output:
            printed[app.spec.source] = one.output
        if app.service in parsed.sound:
            plans[app.spec.app_name] = one
            problems += plan_problems(app, one)
        else:
            problems += unknown_names(app, one)
    return Planned(plans, tuple(problems), printed)


def plan_request(service: ServiceSpec, environment: str, root: Path) -> PlanRequest:
    """What the planner needs to know of an app."""
    return PlanRequest(
        source=service.source,
        root=root,
        app_name=service.app_name,
        environment=environment,
        app=service.app or "",
        overrides={name: one.settings() for name, one in service.functions.items()},
        settings=service.settings.settings(),
    )


def _load_request(service: ServiceSpec, environment: str, root: Path) -> PlanRequest:
    """Only load the file and look names up: its settings are not all known."""
    request = plan_request(service, environment, root)
    return replace(request, overrides={name: {} for name in service.functions})
