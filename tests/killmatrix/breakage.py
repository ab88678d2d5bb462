"""The ways to break an operation: a process killed at a point, or an RPC that goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import psutil

from modal_local.faults.order import Effect
from tests.fakes.pulumi_run import RunningCommand
from tests.killmatrix.steps import Moment, Point, Step, around, between, each, of_child

HOST: Final = "pulumi_modal.host"
FORK_SERVER: Final = "multiprocessing.forkserver"


class Victim(StrEnum):
    """What is killed."""

    CLI = "CLI"
    PROVIDER = "provider"
    CHILD = "deploy child"
    SERVER = "local Modal"


@dataclass(frozen=True, slots=True, eq=False)
class Breakage:
    """One column of the report."""

    title: str
    points: Callable[[Sequence[Step]], list[Point]]
    victim: Victim | None = None
    """None: nobody is killed, an RPC goes wrong."""
    effect: Effect = Effect.HOLD
    more: Mapping[str, Any] = field(default_factory=dict)

    def order(self, point: Point) -> tuple[Effect, dict[str, Any]]:
        """What is ordered for one point."""
        held = Effect.HOLD if point.moment is Moment.BEFORE else Effect.HOLD_REPLY
        return (held if self.victim else self.effect), dict(self.more)


def _refused(title: str, status: str) -> Breakage:
    return Breakage(title, each, effect=Effect.REFUSE, more={"status": status})


CLI: Final = Breakage("CLI killed", between, Victim.CLI)
PROVIDER: Final = Breakage("provider killed", between, Victim.PROVIDER)
CHILD: Final = Breakage("deploy child killed", lambda steps: of_child(between(steps)), Victim.CHILD)
SERVER: Final = Breakage("local Modal killed", around, Victim.SERVER)
SLOW: Final = Breakage("slow", each, effect=Effect.SLOW, more={"slow_s": 2})
UNAVAILABLE: Final = _refused("unavailable once", "UNAVAILABLE")
REFUSED: Final = _refused("refused", "FAILED_PRECONDITION")
TOKEN: Final = _refused("token expired", "UNAUTHENTICATED")
LOST: Final = Breakage("reply lost", each, effect=Effect.LOSE_REPLY)

CHAINS: Final[Mapping[str, tuple[Breakage, ...]]] = {
    "cli": (CLI,),
    "provider": (PROVIDER,),
    "child": (CHILD,),
    "server": (SERVER,),
    "slow": (SLOW, UNAVAILABLE),
    "refused": (REFUSED, TOKEN),
    "lost": (LOST,),
}
"""What is tried together, in one local Modal. Whoever is killed is killed for all cases at once."""


def victims(running: RunningCommand, victim: Victim) -> list[psutil.Process]:
    """The processes of an operation that are to be killed; the local Modal is not among them."""
    family = running.family()
    if victim is Victim.CLI:
        return family[:1]
    hosts = [one for one in family if HOST in _words(one)]
    if victim is Victim.PROVIDER:
        return hosts
    found = []
    for host in hosts:
        for one in host.children():
            if FORK_SERVER in _words(one):
                found += one.children()
    return found


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
