"""Plan Modal files: dry-run their deploys, many at once, each in a child process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from pulumi_modal.errors import ModalStackError, PlanError
from pulumi_modal.planning.plan_cache import PlanCache
from pulumi_modal.source import forkserver
from pulumi_modal.source.child import Finished, run
from pulumi_modal.source.environment import child_environment
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import Plan

_TOO_LONG: Final = (
    "move what takes long out of the top level of the file: imports under"
    " `with image.imports():`, work into a function"
)
_CPUS = os.cpu_count() or 1
_SLOTS = threading.BoundedSemaphore(_CPUS)
"""No more planning children than CPUs, whoever asks: the provider is called from many threads."""


def plan_one(request: PlanRequest) -> Plan:
    """Plan one file; raises a `SourceError` or `PlanError` that says what to change."""
    plan = _plan_anyway(request)
    if plan.refused:
        raise PlanError(f"{plan.source}: {'; and '.join(plan.refused)}")
    return plan


def _plan_anyway(request: PlanRequest, cache: PlanCache | None = None) -> Plan:
    if cache is None:
        done = _in_child("pulumi_modal.planning.dry_run:plan", request)
        return Plan.model_validate({**done.answer, "output": done.output})
    done = _in_child("pulumi_modal.planning.watched:plan", request)
    plan = Plan.model_validate({**done.answer["plan"], "output": done.output})
    if not plan.refused and not plan.output:  # what a file prints may be anything
        cache.keep(request, done.answer, partial(_what_is_loaded, request))
    return plan


def _what_is_loaded(request: PlanRequest) -> Any:
    return _in_child("pulumi_modal.planning.loaded:tell", request).answer


def _in_child(entry: str, request: PlanRequest) -> Finished:
    with _SLOTS:
        return run(
            entry,
            request,
            root=request.root,
            env=child_environment(request.env),
            deadline_s=request.deadline_s,
            what=f"{request.source}: the import",
            cure=_TOO_LONG,
        )


def plan_all(
    requests: Sequence[PlanRequest], cache: PlanCache | None = None, *, is_preview: bool = False
) -> Sequence[Plan | ModalStackError]:
    """Plan many files at once, one answer for each, in order.

    What a stack asks and the code cannot do stands in `refused` here, so that all can be told.
    A preview takes from the cache what would be planned the same again.
    """
    kept = [cache.find(one) if cache and is_preview else None for one in requests]
    found = _plan_missing(requests, kept, cache)
    for at, plan in _without_clashes(requests, found):
        found[at] = plan
    return found


def warm_up() -> None:
    """Start loading the SDK in the background, while the caller still reads its stack."""
    forkserver.warm_up()


def _plan_missing(
    requests: Sequence[PlanRequest], kept: Sequence[Plan | None], cache: PlanCache | None
) -> list[Plan | ModalStackError]:
    missing = [one for one, plan in zip(requests, kept, strict=True) if plan is None]
    if not missing:
        return [plan for plan in kept if plan is not None]
    with ThreadPoolExecutor(min(_CPUS, len(missing))) as pool:
        made = pool.map(partial(_plan_or_error, cache=cache), missing)
        found = [next(made) if plan is None else plan for plan in kept]
    if cache:
        cache.prune()
    return found


def _plan_or_error(request: PlanRequest, cache: PlanCache | None) -> Plan | ModalStackError:
    try:
        return _plan_anyway(request, cache)
    except ModalStackError as error:
        return error


def _without_clashes(
    requests: Sequence[PlanRequest], plans: Sequence[Plan | ModalStackError]
) -> Iterator[tuple[int, Plan]]:
    """Refuse one web label twice in an environment: the later deploy would take the URL."""
    owners: dict[tuple[str, str], tuple[str, str]] = {}
    for at, (request, plan) in enumerate(zip(requests, plans, strict=True)):
        if not isinstance(plan, Plan):
            continue
        clashes = []
        for name, label in web_labels(plan):
            user = (request.app_name, name)
            owner = owners.setdefault((request.environment, label), user)
            if owner != user:
                clashes.append(
                    f"functions.{name}.web: app {request.app_name} has the web label {label!r},"
                    f" which {owner[1]} of {owner[0]} has already in this environment, and would"
                    " take its URL;"
                    " set another `web.label`"
                )
        if clashes:
            yield at, plan.model_copy(update={"refused": (*plan.refused, *clashes)})


def web_labels(plan: Plan) -> Iterator[tuple[str, str]]:
    """Function and web label, for each label that a plan asks for."""
    for name, function in plan.functions.items():
        web = function.effective.get("web") or {}
        for settings in (web, *(one for one in web.values() if isinstance(one, dict))):
            if "label" in settings:
                yield name, settings["label"]
