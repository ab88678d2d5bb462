"""A chain: create, update and delete of one fleet, each broken at every point and made good."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fakes.faults import Faults
from tests.fakes.local_modal import LocalModalServer, local_modal
from tests.killmatrix.breakage import Breakage, Victim
from tests.killmatrix.fleet import Fleet, remove
from tests.killmatrix.steps import CONNECTING, Moment, Point, Process, Step, steps_of
from tests.killmatrix.trial import Case, Result, attempt

CONNECT: Final = "connect"
OPERATIONS: Final[Mapping[str, int]] = {"create": 1, "update": 2, "delete": 0}
"""Operation -> the version that it brings about; 0 is nothing."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """One case as the report has it."""

    operation: str
    process: str
    step: str
    moment: str
    breakage: str
    outcome: str
    problems: tuple[str, ...] = ()


def recorded(folder: Path) -> dict[str, list[Step]]:
    """The steps of every operation, as they are today."""
    steps = {}
    with local_modal(folder) as server:
        warm, fleet = (
            Fleet(folder / name, server, size=1, prefix=name) for name in ("warm", "record")
        )
        _succeed(warm, 1)  # the image is built once
        for operation, version in OPERATIONS.items():
            before = Faults(server).last_call()
            _succeed(fleet, version)
            steps[operation] = steps_of(Faults(server).calls(before))
    return steps


def _succeed(fleet: Fleet, version: int) -> None:
    fleet.declare(version)
    status, said = fleet.up()
    assert status == 0, said


def run_chain(
    folder: Path,
    breakages: Sequence[Breakage],
    steps: Mapping[str, Sequence[Step]],
    tell: Tell,
    operations: Sequence[str] = (CONNECT, *OPERATIONS),
) -> list[Row]:
    """Try these breakages at every step, in a local Modal of their own."""
    rows: list[Row] = []
    with local_modal(folder) as server:
        if CONNECT in operations:
            rows += _connects(folder, server, breakages, tell)
        tried = {
            operation: _cases(breakages, steps[operation])
            for operation in OPERATIONS
            if operation in operations
        }
        placed = {operation: cases for operation, cases in tried.items() if cases}
        size = max(map(len, placed.values()))
        fleet = Fleet(folder / "fleet", server, size)
        for operation, cases in placed.items():
            named = dict(zip(fleet.cases, cases, strict=False))
            tell(f"{operation}: {len(named)} cases")
            rows += _rows(operation, named, attempt(fleet, OPERATIONS[operation], named), tell)
        remove(fleet.folder)
    return rows


def _connects(
    folder: Path, server: LocalModalServer, breakages: Sequence[Breakage], tell: Tell
) -> list[Row]:
    """The first call of a provider process is of no case: it is broken by itself."""
    rows: list[Row] = []
    fleet = Fleet(folder / "connect", server, size=1, prefix="connect")
    step = Step(CONNECTING, 1, Process.PROVIDER)
    cases = [
        Case(breakage, Point(step, moment))
        for breakage in breakages
        for moment in (tuple(Moment) if breakage.victim else (Moment.BEFORE,))
        if breakage.victim is not Victim.CHILD
    ]
    for version, case in enumerate(cases, start=1):
        tell(f"{CONNECT}: {case.breakage.title} {case.point.moment} {step.title}")
        named = {fleet.cases[0]: case}
        rows += _rows(CONNECT, named, attempt(fleet, version, named), tell)
    remove(fleet.folder)
    return rows


def _cases(breakages: Sequence[Breakage], steps: Sequence[Step]) -> list[Case]:
    return [Case(breakage, point) for breakage in breakages for point in breakage.points(steps)]


def _rows(operation: str, named: Mapping[str, Case], result: Result, tell: Tell) -> list[Row]:
    for name, words in sorted(result.problems.items()):
        tell(f"  WRONG {name or 'all'}: {'; '.join(words)}")
    if result.problems:
        tell("\n".join(result.said))
    shared = tuple(result.problems.get("", ()))
    return [
        Row(
            operation,
            str(case.point.step.process),
            case.point.step.title,
            str(case.point.moment),
            case.breakage.title,
            result.outcomes[case],
            (*result.problems.get(name, ()), *shared),
        )
        for name, case in named.items()
    ]
