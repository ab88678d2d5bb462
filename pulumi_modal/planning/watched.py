"""The planning child, watched: the plan, and what it relied on, so that it can be kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from pulumi_modal.planning import loaded
from pulumi_modal.planning.chance import Chance
from pulumi_modal.planning.dry_run import planned
from pulumi_modal.planning.watch import Watch
from pulumi_modal.source.request import PlanRequest


def plan(request: PlanRequest, _tell: Callable[[Any], None]) -> Mapping[str, Any]:
    """The plan; `relied` is absent when it cannot be kept, and `because` says why."""
    root = request.root.resolve()
    watch, chance = Watch(root), Chance(root)
    tempfile.gettempdir()  # Python tries it by writing a file, once
    watch.start()
    answer = planned(request, chance.watched())
    relied = watch.end()
    because = watch.refused or chance.called
    if not because and not loaded.digest():
        because = "the code of the planner changed just now"
    if because or relied is None:
        return {"plan": answer, "because": because}
    return {"plan": answer, "relied": relied.as_json(), "loaded": loaded.digest()}
