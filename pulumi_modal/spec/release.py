"""What keeps a new version from taking over as the stack says, found before anything is deployed.

Pure. `place(function, key)` is where a problem with a setting is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pulumi_modal.spec.canary import SUFFIX
from pulumi_modal.spec.model import JsonValue
from pulumi_modal.spec.plan import PlannedFunction
from pulumi_modal.spec.probe import uncallable_problems, unreachable_problems
from pulumi_modal.spec.problem import Problem, join
from pulumi_modal.spec.service import ServiceSpec

LONGEST_NAME: Final = 64
LONGEST_LABEL: Final = 63

Functions = Mapping[str, PlannedFunction]
Place = Callable[[str, str], str]


def declared_release_problems(service: ServiceSpec, path: str) -> list[Problem]:
    """What the stack itself says against a release."""
    found = []
    if service.on_failure == "rollback" and service.probe is None:
        message = "needs a probe, which says that a version is not healthy; without one leave it"
        found.append(
            Problem(join(path, "on_failure"), f"{message} out", "rollback", nearest="keep")
        )
    if service.canary is not None:
        found += _canary_problems(service, join(path, "canary"))
    return found


def _canary_problems(service: ServiceSpec, at: str) -> Iterator[Problem]:
    if service.probe is None:
        yield Problem(at, "needs a probe, which says when the new version can take its load")
    for one in service.deployments().values():
        name = f"{one.app_name}{SUFFIX}"
        if len(name) > LONGEST_NAME:
            message = f"would be the app {name}, longer than {LONGEST_NAME} characters"
            yield Problem(at, f"{message}: give the service a shorter name")


def planned_release_problems(
    service: ServiceSpec, functions: Functions, path: str, place: Place
) -> list[Problem]:
    """What the effective settings say against a release; `path` is the service's."""
    found = [*_probe_problems(service, functions, path)]
    if service.strategy != "recreate":
        found += _trapped(functions, place)
    if service.canary is not None:
        found += _two_at_once(functions, join(path, "canary"))
    return found


def _probe_problems(service: ServiceSpec, functions: Functions, path: str) -> Iterator[Problem]:
    urls = urls_in(functions)
    probe = service.probe
    yield from unreachable_problems(probe, urls, join(path, "probe"))
    call = probe.call if probe else None
    yield from uncallable_problems(call, functions, join(path, "probe", "call"))
    if service.canary is None or probe is None or service.canary.asks_what_the_probe_asks:
        return
    asked, at = service.canary.question(probe), join(path, "canary")
    yield from unreachable_problems(asked, urls, at)
    yield from uncallable_problems(asked.call, functions, join(at, "call"))


def urls_in(functions: Functions) -> dict[str, JsonValue]:
    """Functions, classes and servers with a URL, with their web settings."""
    return {
        name: one.effective.get("web")
        for name, one in functions.items()
        if one.web or one.kind == "server"
    }


def _trapped(functions: Functions, place: Place) -> Iterator[Problem]:
    """At its `max_containers` a rolling deploy cannot bring up replacements.

    That holds at any moment only where as many are always there; elsewhere idle ones make room.
    """
    for name, one in sorted(functions.items()):
        most, least = one.effective.get("max_containers"), one.effective.get("min_containers", 0)
        if most and least >= most:
            message = (
                f"is min_containers, too: a rolling deploy finds no room for a replacement while"
                f" {'it runs' if most == 1 else f'all {most} run'}, and the old version serves on;"
                f" allow {most + 1}, or say `strategy: recreate`, which stops old containers first"
            )
            yield Problem(place(name, "max_containers"), message, most, severity="warning")


def _two_at_once(functions: Functions, at: str) -> Iterator[Problem]:
    """What a second app of the same code would take from the first, or do twice."""
    for name, one in sorted(functions.items()):
        web = one.effective.get("web") or {}
        inner = [method for method in web.values() if isinstance(method, Mapping)]
        if any(key in each for each in inner for key in ("label", "custom_domains")):
            message = (
                f"would take the label of a method of {name}: with several URLs on one class it"
                " cannot be given another; leave the label out of the code"
            )
            yield Problem(at, message)
        if len(web.get("label", "")) + len(SUFFIX) > LONGEST_LABEL:
            message = f"would have the web label {web['label']}{SUFFIX}, which is too long"
            yield Problem(at, f"{message} for a URL; shorten the label of {name}")
        if "schedule" in one.effective:
            message = f"runs {name} by its schedule too, beside the old version, while it is there"
            yield Problem(at, message, severity="warning")
