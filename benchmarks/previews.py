"""An unchanged preview against one of as many dynamic resources that do nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median

from benchmarks.measurement import Measurement
from benchmarks.place import Place
from benchmarks.programs import Project, services_config, services_project, trivial_project

AIM = "<1.5"


def measure_previews(place: Place, quick: bool) -> Sequence[Measurement]:  # noqa: FBT001 - a table's entry
    """Stacks of 1, 10 and 50; the two kinds take turns."""
    counts, rounds = ((1, 10), 2) if quick else ((1, 10, 50), 5)
    ours, bare = services_project(place, max(counts)), trivial_project(place)
    return [_measure(ours, bare, count, rounds) for count in counts]


def _measure(ours: Project, bare: Project, count: int, rounds: int) -> Measurement:
    stack = f"n{count}"
    ours.add_stack(stack, services_config(count, environment=f"bench-{count}"))
    bare.add_stack(stack, {"trivial:count": count})
    for project in (ours, bare):
        project.up(stack)
        project.preview(stack)  # the first one fills caches
    print(f"  {count} services deployed", file=sys.stderr, flush=True)
    here, there = [], []
    for _ in range(rounds):
        here.append(ours.preview(stack).seconds)
        there.append(bare.preview(stack).seconds)
    return Measurement(
        what=f"unchanged preview, {count} service{'s' if count > 1 else ''}",
        unit="s",
        ours=median(here),
        against=median(there),
        against_what=f"{count} dynamic resources that do nothing",
        aim=AIM,
    )
