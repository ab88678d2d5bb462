"""How many containers a function should have now, and which of those it has must go.

Demand is what waits and what runs; each container is meant for `capacity` inputs. Idle containers
stay for the scaledown window; bounds always win.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from modal_local.scheduling.bounds import Bounds


@dataclass(frozen=True, slots=True)
class Load:
    """Inputs of one function."""

    queued: int
    running: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A container as scaling sees it: one that takes inputs, or is about to."""

    task_id: str
    running_inputs: int = 0
    idle_since: float | None = None
    """When its last input ended; None while it starts or works."""


@dataclass(frozen=True, slots=True)
class Change:
    """What to do now, and when to look again if nothing happens before."""

    start: int = 0
    stop: tuple[str, ...] = ()
    look_again_at: float | None = None


def wanted_containers(load: Load, bounds: Bounds) -> int:
    """Containers this load calls for, within bounds."""
    demand = load.queued + load.running
    wanted = math.ceil(demand / bounds.capacity)
    if demand:
        wanted += bounds.buffer_containers
    return max(bounds.min_containers, min(wanted, bounds.max_containers))


def scale(
    load: Load, bounds: Bounds, containers: Sequence[Standing], *, now: float, floor: int = 0
) -> Change:
    """Start what is missing, stop what is too much or idle for too long.

    `floor`: containers wanted whatever the load, as after a cut-over; the maximum holds.
    """
    wanted = max(wanted_containers(load, bounds), min(floor, bounds.max_containers))
    if len(containers) < wanted:
        return Change(start=wanted - len(containers))
    excess = _emptiest(containers)[: max(len(containers) - bounds.max_containers, 0)]
    spare = len(containers) - len(excess) - wanted
    leaving = {standing.task_id for standing in excess}
    idle = sorted(
        (standing.idle_since, standing.task_id)
        for standing in containers
        if standing.idle_since is not None and standing.task_id not in leaving
    )
    expired = [item for item in idle if item[0] + bounds.scaledown_window_s <= now][:spare]
    waiting = idle[len(expired) :]
    again = None
    if spare > len(expired) and waiting:
        again = waiting[0][0] + bounds.scaledown_window_s
    stop = [standing.task_id for standing in excess] + [task_id for _, task_id in expired]
    return Change(stop=tuple(stop), look_again_at=again)


def input_concurrency(load: Load, bounds: Bounds) -> int:
    """Slots a container should open: its target, or its maximum while inputs wait."""
    return bounds.max_inputs if load.queued else bounds.target_inputs


def _emptiest(containers: Sequence[Standing]) -> list[Standing]:
    def cost(standing: Standing) -> tuple[int, bool, float]:
        idle_since = standing.idle_since
        return standing.running_inputs, idle_since is not None, idle_since or 0.0

    return sorted(containers, key=cost)
