"""One trial: an operation on a whole fleet, broken at another point for each case, then made good.

Every case has a point of its own, so that one `pulumi up` tries all of them. A kill waits until
every case is held at its point; then the victim is killed once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psutil

from modal_local.errors import LocalModalError
from modal_local.faults.book import Milestones
from tests.killmatrix.breakage import Breakage, Victim, victims
from tests.killmatrix.fleet import Fleet, left_alive
from tests.killmatrix.steps import NAMELESS, Point
from tests.killmatrix.verdict import is_done

WENT_ON = "went on"
ONE_UP = "up"
CURED = "cancel, refresh, up"
AFTER_KILL_S = 600.0
"""For a command to end after somebody was killed."""


@dataclass(frozen=True)
class Case:
    """One point of one breakage."""

    breakage: Breakage
    point: Point


@dataclass
class Result:
    """What became of a trial."""

    outcomes: dict[Case, str]
    problems: dict[str, list[str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    """What the commands printed, when something is wrong."""


def attempt(fleet: Fleet, version: int, placed: Mapping[str, Case]) -> Result:
    """Try an operation: to this version (0 removes all), with a case's breakage for its name."""
    fleet.declare(version)
    orders = {name: _order(fleet, name, case) for name, case in placed.items()}
    victim = next((case.breakage.victim for case in placed.values()), None)
    if victim is None:
        said = [fleet.up()[1]]
        alive: list[str] = []
    else:
        said, alive = _killed(fleet, victim, orders)
    missed = _missed(fleet, orders) if victim is None else {}
    fleet.faults.clear()
    result = _made_good(fleet, version, placed, is_cli=victim is Victim.CLI)
    for name, words in missed.items():
        result.problems.setdefault(name, []).append(words)
    if alive:
        result.problems.setdefault("", []).append(f"processes lived on: {alive}")
    result.said[:0] = said
    return result


def _order(fleet: Fleet, name: str, case: Case) -> str:
    step = case.point.step
    effect, more = case.breakage.order(case.point)
    about = "" if step.rpc in NAMELESS else name
    return fleet.faults.order(step.rpc, effect, nth=step.number, about=about, **more)


def _killed(fleet: Fleet, victim: Victim, orders: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Kill it when every case is held; what was said, and which processes live on."""
    running = fleet.start()
    try:
        for order in orders.values():
            fleet.faults.wait(order, Milestones.HELD)
        if victim is Victim.SERVER:
            fleet.server.kill()
            fleet.server.start()
            watched: list[psutil.Process] = []
        else:
            family = running.family()
            killed = victims(running, victim)
            watched = family if victim is Victim.CLI else _with_children(killed)
            for process in killed:
                process.kill()
            if victim is Victim.CHILD:
                fleet.faults.clear()
        said = running.wait(AFTER_KILL_S)
        alive = left_alive([one for one in watched if one.pid != running.process.pid])
    except LocalModalError as error:
        raise AssertionError(
            f"not every case came to its point ({error}): {running.end()}"
        ) from error
    finally:
        running.end()
    return [said], alive


def _with_children(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    return [one for process in processes for one in (process, *process.children(recursive=True))]


def _missed(fleet: Fleet, orders: Mapping[str, str]) -> dict[str, str]:
    seen = fleet.faults.seen()
    return {name: "it never came to this call" for name, order in orders.items() if not seen[order]}


def _made_good(fleet: Fleet, version: int, placed: Mapping[str, Case], *, is_cli: bool) -> Result:
    """What there is after the breakage, then the cure, one `pulumi up`, and the verdict."""
    before = fleet.world()
    needs_cure = is_cli or bool(before.pending)
    late = CURED if needs_cure else ONE_UP
    outcomes = {
        case: WENT_ON if not is_cli and is_done(before, name, version) else late
        for name, case in placed.items()
    }
    answers = fleet.answers(before) if version > 1 else {}
    if needs_cure:
        fleet.cure()
    status, said = fleet.up()
    world = fleet.settled()
    problems = fleet.problems(world)
    for name, words in answers.items():
        problems.setdefault(name, []).append(f"meanwhile: {words}")
    if status:
        problems.setdefault("", []).append(f"`pulumi up` ended with {status}")
    is_quiet, preview = fleet.shows_no_change()
    if not is_quiet:
        problems.setdefault("", []).append("the next preview shows changes")
    return Result(outcomes, problems, [said, preview])
