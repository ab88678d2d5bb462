"""What an operation is made of: its RPCs in order, and the points at which it can be broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

DEPLOYING: Final = frozenset({"FunctionPrecreate", "FunctionCreate", "AppPublish"})
"""RPCs that only a deploy child makes."""
NAMELESS: Final = frozenset({"WorkspaceNameLookup", "EnvironmentList"})
"""RPCs of the provider that do not say which case they are about."""
CONNECTING: Final = "WorkspaceNameLookup"
"""Made once by a provider process, for all its resources."""


class Process(StrEnum):
    """Who makes an RPC."""

    PROVIDER = "provider"
    CHILD = "deploy child"


class Moment(StrEnum):
    """When something happens to a call."""

    BEFORE = "before"
    AFTER = "after"
    """It was carried out; its reply has not gone out."""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """The n-th call of an RPC in an operation on one app and its environment."""

    rpc: str
    number: int
    process: Process

    @property
    def title(self) -> str:
        """As the report names it."""
        return self.rpc if self.number == 1 else f"{self.rpc} ({self.number})"


@dataclass(frozen=True, slots=True)
class Point:
    """Where an operation is broken."""

    step: Step
    moment: Moment


def steps_of(calls: Sequence[Mapping[str, Any]]) -> list[Step]:
    """The steps of an operation on a single case, from the calls it made."""
    children = {call["caller"] for call in calls if call["rpc"] in DEPLOYING}
    counted: Counter[str] = Counter()
    steps = []
    for call in calls:
        counted[call["rpc"]] += 1
        process = Process.CHILD if call["caller"] in children else Process.PROVIDER
        steps.append(Step(call["rpc"], counted[call["rpc"]], process))
    return steps


def between(steps: Sequence[Step]) -> list[Point]:
    """Between any two RPCs: before each that says which case it is about, and after those that
    come before another one, or before the end."""
    own = [step for step in steps if step.rpc not in NAMELESS]
    silent = [one for one, after in pairwise(steps) if after.rpc in NAMELESS and one in own]
    last = [one for one in (_last(own, process) for process in Process) if one]
    late = dict.fromkeys([*silent, *last])
    return [
        *(Point(step, Moment.BEFORE) for step in own),
        *(Point(step, Moment.AFTER) for step in late),
    ]


def around(steps: Sequence[Step]) -> list[Point]:
    """Before each RPC that says which case it is about, and after it."""
    return [Point(step, moment) for step in steps if step.rpc not in NAMELESS for moment in Moment]


def each(steps: Sequence[Step]) -> list[Point]:
    """Every RPC that says which case it is about."""
    return [Point(step, Moment.BEFORE) for step in steps if step.rpc not in NAMELESS]


def of_child(points: Sequence[Point]) -> list[Point]:
    """Points at which a deploy child is at work."""
    return [point for point in points if point.step.process is Process.CHILD]


def _last(steps: Sequence[Step], process: Process) -> Step | None:
    made = [step for step in steps if step.process is process]
    return made[-1] if made else None
