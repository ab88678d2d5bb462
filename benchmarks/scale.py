"""Two hundred services: in five stacks of forty, each bound to an environment of its own.

Every command runs on all five stacks, one after the other; the times are sums. `modal deploy` is
timed on a sample and multiplied. No container starts: what is measured is the deploying.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.apps import service_names, write_services
from benchmarks.measurement import Measurement, run_command
from benchmarks.place import Place
from benchmarks.programs import Project, services_config, services_project, trivial_project
from benchmarks.usage import Usage, sampled

OTHER = "bench-by-hand"
SAMPLE = 5
DEADLINE_S = 60.0
PREVIEW_AIM, DEPLOY_AIM = "<1.3", "<0.4"
CORES = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Timed:
    """One command on every stack."""

    seconds: float
    usage: Usage


def measure_scale(place: Place, quick: bool) -> Sequence[Measurement]:  # noqa: FBT001 - a table's entry
    """The life of the stacks, beside that of as many resources that do nothing."""
    stacks, each = (2, 5) if quick else (5, 40)
    bench = _Bench(place, stacks, each)
    one_by_one = bench.modal_deploy_s()
    rows = [
        *bench.both("first up", "up"),
        *bench.both("unchanged preview", "preview", PREVIEW_AIM, rounds=1 if quick else 3),
        *bench.both("unchanged up", "up"),
    ]
    first = bench.last["first up"]
    rows.append(bench.beside_modal("first up", first, bench.count, one_by_one))
    bench.change_a_tenth()
    changed = bench.timed("up")
    what = f"up of {bench.changed} changed of {bench.count} services"
    rows.append(bench.beside_modal(what, changed, bench.changed, one_by_one))
    rows += [_busy("first up", first), _busy(what, changed)]
    rows += [*bench.both("refresh", "refresh"), *bench.both("destroy", "destroy")]
    return rows


class _Bench:
    def __init__(self, place: Place, stacks: int, each: int) -> None:
        self.count = stacks * each
        self.changed = stacks * max(1, each // 10)
        self.last: dict[str, Timed] = {}
        self._place = place
        self._each = each
        self._ours = services_project(place, self.count)
        self._bare = trivial_project(place)
        self._stacks = [f"s{number}" for number in range(stacks)]
        for number, stack in enumerate(self._stacks):
            config = services_config(each, environment=f"bench-{number}", first=number * each)
            self._ours.add_stack(stack, config)
            self._bare.add_stack(stack, {"trivial:count": each})

    def both(self, what: str, verb: str, aim: str = "", rounds: int = 1) -> list[Measurement]:
        """The command here and there, in turns."""
        ours, bare = [], []
        for _ in range(rounds):
            self.last[what] = self.timed(verb)
            ours.append(self.last[what].seconds)
            bare.append(self._seconds(self._bare, verb))
        print(f"  {what}: {median(ours):.1f} s", file=sys.stderr, flush=True)
        named = f"{what}, {self.count} services in {len(self._stacks)} stacks"
        against = f"{self.count} dynamic resources that do nothing"
        return [Measurement(named, "s", median(ours), median(bare), against, aim)]

    def timed(self, verb: str) -> Timed:
        """The command on our stacks, with what it used."""
        with sampled(self._place.modal_home) as usage:
            seconds = self._seconds(self._ours, verb)
        return Timed(seconds, usage)

    def beside_modal(self, what: str, ours: Timed, count: int, each_s: float) -> Measurement:
        """Against the stock client, one file after the other."""
        against = f"{count} times modal deploy, from a sample of {SAMPLE}"
        return Measurement(what, "s", ours.seconds, count * each_s, against, DEPLOY_AIM)

    def modal_deploy_s(self) -> float:
        """How long the stock client takes for one of the files."""
        self._modal("environment", "create", OTHER)
        names = service_names(self.count)[:SAMPLE]
        deploy = [self._modal("deploy", "--env", OTHER, f"services/{name}.py") for name in names]
        return median(deploy)

    def change_a_tenth(self) -> None:
        """Change the source of every tenth service."""
        tenth = self.changed // len(self._stacks)
        names = service_names(self.count)
        for number in range(len(self._stacks)):
            first = number * self._each
            write_services(self._ours.folder / "services", names[first : first + tenth], 1)

    def _seconds(self, project: Project, verb: str) -> float:
        started = time.perf_counter()
        for stack in self._stacks:
            getattr(project, verb)(stack)
        return time.perf_counter() - started

    def _modal(self, *arguments: str) -> float:
        command, place = self._place.modal(*arguments), self._place
        folder = self._ours.folder
        return run_command(command, folder=folder, env=place.env, deadline_s=DEADLINE_S).seconds


def _busy(what: str, timed: Timed) -> Measurement:
    """How much of the CPUs it used: the rest is waiting (or another program's)."""
    there_were = timed.seconds * CORES
    return Measurement(
        f"CPU time of {what}", "s", timed.usage.cpu_s, there_were, f"all of {CORES} CPUs meanwhile"
    )
