"""An unchanged preview against one of as many dynamic resources that do nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.measurement import Measurement
from benchmarks.place import Place
from benchmarks.programs import Project, services_config, services_project, trivial_project
from benchmarks.usage import sampled

AIM = "<1.3"


def measure_previews(place: Place, quick: bool) -> Sequence[Measurement]:  # noqa: FBT001 - a table's entry
    """Stacks of 1, 10, 50 and 200; the two kinds take turns."""
    counts, rounds = ((1, 10), 2) if quick else ((1, 10, 50, 200), 5)
    ours, bare = services_project(place, max(counts)), trivial_project(place)
    found = {count: _measure(ours, bare, count, rounds) for count in counts}
    least, most = found[min(found)], found[max(found)]
    grown = Measurement(
        what=f"memory of the provider in an up of {max(found)} services",
        unit="MiB",
        ours=most.provider_mib,
        against=found[10].provider_mib,
        against_what="in an up of 10",
    )
    size = Measurement(
        what=f"state, bytes by service, of {max(found)}",
        unit="B",
        ours=most.bytes_each,
        against=least.bytes_each,
        against_what=f"of {min(found)}, environment included",
    )
    return [*(one.preview for one in found.values()), grown, size]


@dataclass(frozen=True, slots=True)
class Stack:
    """What was measured of one stack."""

    preview: Measurement
    provider_mib: float
    bytes_each: float


def _measure(ours: Project, bare: Project, count: int, rounds: int) -> Stack:
    stack = f"n{count}"
    ours.add_stack(stack, services_config(count, environment=f"bench-{count}"))
    bare.add_stack(stack, {"trivial:count": count})
    with sampled(ours.place.modal_home) as usage:
        ours.up(stack)
    bare.up(stack)
    for project in (ours, bare):
        project.preview(stack)  # the first one fills caches
    print(f"  {count} services deployed", file=sys.stderr, flush=True)
    here, there = [], []
    for _ in range(rounds):
        here.append(ours.preview(stack).seconds)
        there.append(bare.preview(stack).seconds)
    preview = Measurement(
        what=f"unchanged preview, {count} service{'s' if count > 1 else ''}",
        unit="s",
        ours=median(here),
        against=median(there),
        against_what=f"{count} dynamic resources that do nothing",
        aim=AIM,
    )
    return Stack(preview, usage.provider_mib, ours.state_bytes(stack) / count)
