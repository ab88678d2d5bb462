"""What is wrong with the inputs of an App, and the inputs completed when nothing is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import ModalStackError
from pulumi_modal.planning.plan import plan_one
from pulumi_modal.provider.app_inputs import completed, is_complete, plan_request
from pulumi_modal.provider.app_said import said_functions
from pulumi_modal.provider.app_unknown import NAMES, with_unknown, without_unknown
from pulumi_modal.provider.operation import current
from pulumi_modal.provider.props import Props, has_unknown
from pulumi_modal.spec.canary import Canary, parse_canary
from pulumi_modal.spec.effective import check_effective
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.pattern import planned_problems
from pulumi_modal.spec.probe import Probe, parse_probe, unreachable_problems
from pulumi_modal.spec.problem import Problem, join
from pulumi_modal.spec.release import planned_release_problems
from pulumi_modal.spec.service import ServiceSpec
from pulumi_modal.spec.service_reader import parse_service

Checked = tuple[dict[str, Any], list[tuple[str, str]]]
"""Inputs, and (property, what is wrong with it)."""

_BY_STACK_WORD: Final = {
    "name": "app_name",
    "functions": "overrides",
    **{key: f"settings.{key}" for key in FunctionOverrides.model_fields},
}
"""Where an App says what a stack file calls otherwise."""
_WORDS: Final = (*("app", "pattern", "strategy", "tag", "adopt", "probe", "on_failure", "canary"),)
_FIRST: Final = re.compile(r"^[a-z_]+")
_ANY_SERVICE: Final = "app"
"""The stack's name for a service, which an App does not have."""


def checked(news: Props, root: Path, olds: Props | None = None) -> Checked:
    """Complete inputs; those that the program has planned are taken as they are."""
    if is_complete(news):
        return _written_out(news), list(_failures(_planned_already(news)))
    if any(has_unknown(news.get(name)) for name in NAMES):
        return dict(news), []  # the engine asks again when everything is known
    said = {**news, "functions": said_functions(news, olds or {})}
    known = without_unknown(said)
    service, problems = _read(known, root)
    failures = list(_failures(problems))
    if service is None or failures:
        return dict(news), failures
    inputs, problems = _planned(known, service, root, problems)
    failures = list(_failures(problems))
    if failures:
        return dict(news), failures
    for line in dict.fromkeys(_lines(problems)):
        current().warn(line)
    return with_unknown(inputs, said), failures


def _read(news: Props, root: Path) -> tuple[ServiceSpec | None, list[Problem]]:
    """Read with the rules of stack files, so that both say the same of the same mistake."""
    words = {
        **(news.get("settings") or {}),
        "source": news.get("source"),
        "name": news.get("app_name"),
        "functions": news.get("functions") or {},
        **{word: news[word] for word in _WORDS if news.get(word)},
    }
    return parse_service(_ANY_SERVICE, words, "", root)


def _planned(
    news: Props, service: ServiceSpec, root: Path, read: list[Problem]
) -> tuple[dict[str, Any], list[Problem]]:
    """Complete inputs, and what is wrong, or surprising, with code and settings together."""
    overrides = {name: one.settings() for name, one in service.functions.items()}
    said = {
        **news,
        "source": service.source,
        "probe": service.probe.settings() if service.probe else None,
        "canary": service.canary.settings() if service.canary else None,
    }
    settings = service.settings.settings()
    try:
        plan = plan_one(plan_request(said, overrides, root, settings))
    except ModalStackError as error:
        return dict(news), [Problem("source", str(error))]
    if plan.output:
        current().note(f"{plan.source} printed while it was imported:\n{plan.output}")
    inputs = completed(said, plan)
    effective = {name: one.effective for name, one in plan.functions.items()}
    return inputs, [
        *read,
        *check_effective(effective),
        *planned_problems(service.pattern, plan.functions, ""),
        *planned_release_problems(service, plan.functions, "", _place),
        *(Problem("", sentence, severity="warning") for sentence in plan.warnings),
    ]


def _place(function: str, key: str) -> str:
    return join("functions", function, key)


def _written_out(inputs: Props) -> dict[str, Any]:
    """`true` for a probe or a canary says all defaults, and `false` none."""
    found = dict(inputs)
    for name, defaults in (("probe", Probe()), ("canary", Canary())):
        if found.get(name) is True:
            found[name] = defaults.settings()
        elif found.get(name) is False:
            del found[name]
    return found


def _planned_already(inputs: Props) -> list[Problem]:
    """What is wrong with a probe and a canary that the program has written beside its plan."""
    probe, canary = inputs.get("probe"), inputs.get("canary")
    if not probe or has_unknown([probe, canary, inputs["functions"]]):
        return []
    read, problems = parse_probe(probe, "probe")
    if canary:
        problems += parse_canary(canary, "canary")[1]
    urls = {
        name: settings.get("web")
        for name, settings in inputs["functions"].items()
        if settings.get("web") is not None or settings.get("kind") == "server"
    }
    return [*problems, *unreachable_problems(read, urls, "probe")]


def _failures(problems: Iterable[Problem]) -> Iterator[tuple[str, str]]:
    """The errors among the problems, under the words of an App."""
    return ((_path(one), one.reason()) for one in problems if one.is_error)


def _lines(problems: Iterable[Problem]) -> Iterator[str]:
    """The warnings among the problems, a line each."""
    for one in problems:
        if not one.is_error:
            yield f"{_path(one)}: {one.reason()}" if one.path else one.reason()


def _path(problem: Problem) -> str:
    return _FIRST.sub(lambda word: _BY_STACK_WORD.get(word[0], word[0]), problem.path)
