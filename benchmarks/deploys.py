"""`pulumi up` of many changed services against as many `modal deploy`, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median

from benchmarks.apps import service_names, write_services
from benchmarks.measurement import Measurement, run_command
from benchmarks.place import Place
from benchmarks.programs import Project, services_config, services_project

AIM = "<0.4"
ENVIRONMENT, OTHER = "bench", "bench-by-hand"
DEADLINE_S = 60.0


def measure_deploys(place: Place, quick: bool) -> Sequence[Measurement]:  # noqa: FBT001 - a table's entry
    """The same files, changed in the same way, to the same local Modal."""
    count, rounds = (5, 1) if quick else (20, 3)
    project = services_project(place, count)
    names = service_names(count)
    project.add_stack("bench", services_config(count, ENVIRONMENT))
    project.up("bench")
    _modal(project, "environment", "create", OTHER)
    _deploy_one_by_one(project, names)
    print(f"  {count} services deployed twice", file=sys.stderr, flush=True)
    ups, deploys = [], []
    for revision in range(1, rounds + 1):
        write_services(project.folder / "services", names, revision)
        ups.append(project.up("bench").seconds)
        deploys.append(_deploy_one_by_one(project, names))
    return [
        Measurement(
            what=f"pulumi up, {count} changed services",
            unit="s",
            ours=median(ups),
            against=median(deploys),
            against_what=f"{count} times modal deploy",
            aim=AIM,
        )
    ]


def _deploy_one_by_one(project: Project, names: Sequence[str]) -> float:
    return sum(_modal(project, "deploy", "--env", OTHER, f"services/{name}.py") for name in names)


def _modal(project: Project, *arguments: str) -> float:
    place = project.place
    command = place.modal(*arguments)
    return run_command(command, folder=project.folder, env=place.env, deadline_s=DEADLINE_S).seconds
