"""Plan Modal files: dry-run their deploys, many at once, each in a child process."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from pulumi_modal.errors import ModalStackError, PlanError
from pulumi_modal.source.child import run
from pulumi_modal.source.environment import child_environment
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import Plan

_CPUS = os.cpu_count() or 1
_SLOTS = threading.BoundedSemaphore(_CPUS)
"""No more planning children than CPUs, whoever asks: the provider is called from many threads."""


def plan_one(request: PlanRequest) -> Plan:
    """Plan one file; raises a `SourceError` or `PlanError` that says what to change."""
    with _SLOTS:
        done = run(
            "pulumi_modal.planning.dry_run:plan",
            request,
            root=request.root,
            env=child_environment(request.env),
            deadline_s=request.deadline_s,
            what=f"{request.source}: the import",
        )
    return Plan.model_validate({**done.answer, "output": done.output})


def plan_all(requests: Sequence[PlanRequest]) -> Sequence[Plan | ModalStackError]:
    """Plan many files at once, one answer for each, in order."""
    if not requests:
        return []
    with ThreadPoolExecutor(min(_CPUS, len(requests))) as pool:
        found = list(pool.map(_plan_or_error, requests))
    for at, error in _label_clashes(requests, found):
        found[at] = error
    return found


def _plan_or_error(request: PlanRequest) -> Plan | ModalStackError:
    try:
        return plan_one(request)
    except ModalStackError as error:
        return error


def _label_clashes(
    requests: Sequence[PlanRequest], plans: Sequence[Plan | ModalStackError]
) -> Iterator[tuple[int, PlanError]]:
    """Two apps with one web label in an environment: the later deploy would take the URL."""
    users: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, (request, plan) in enumerate(zip(requests, plans, strict=True)):
        if isinstance(plan, Plan):
            for label in sorted(web_labels(plan)):
                users[request.environment, label].append(at)
    for (_, label), places in users.items():
        for at in places[1:]:
            first, request = requests[places[0]], requests[at]
            yield (
                at,
                PlanError(
                    f"{request.source}: app {request.app_name} has the web label {label!r}, which"
                    f" {first.app_name} has already in this environment, and would take its URL;"
                    " set another `web.label`"
                ),
            )


def web_labels(plan: Plan) -> set[str]:
    """The web labels that a plan asks for."""
    found = set()
    for function in plan.functions.values():
        web = function.effective.get("web") or {}
        for settings in (web, *(one for one in web.values() if isinstance(one, dict))):
            if "label" in settings:
                found.add(settings["label"])
    return found
