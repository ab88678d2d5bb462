"""Plan Modal files: dry-run their deploys, many at once, each in a child process."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_modal.errors import ModalStackError
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import Plan


def plan_one(request: PlanRequest) -> Plan:
    """Plan one file; raises a `SourceError` or `PlanError` that says what to change."""
    raise NotImplementedError(request)


def plan_all(requests: Sequence[PlanRequest]) -> Sequence[Plan | ModalStackError]:
    """Plan many files at once, one answer for each, in order."""
    raise NotImplementedError(requests)
