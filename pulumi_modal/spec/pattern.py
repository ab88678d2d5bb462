"""The three ways of serving requests, and what each asks of a service.

- `stateless`: a function; a container takes one request at a time.
- `stateful`: a class or server that loads its model once; a container takes several requests
  (2 to 8 are usual), as `max_inputs` says.
- `batched`: requests are gathered into batches in the container (`@modal.batched`).
"""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_modal.spec.plan import PlannedFunction
from pulumi_modal.spec.problem import Problem, join
from pulumi_modal.spec.service import ServiceSpec


def declared_problems(service: ServiceSpec, path: str) -> list[Problem]:
    """What the stack itself says against the pattern."""
    if service.pattern != "stateless":
        return []
    places = {path: service.settings}
    for name, settings in service.functions.items():
        places[join(path, "functions", name)] = settings
    for name, variant in service.variants.items():
        at = join(path, "variants", name)
        places[at] = variant.settings
        for function, settings in variant.functions.items():
            places[join(at, "functions", function)] = settings
    return [
        Problem(
            join(at, "max_inputs"),
            "is above 1, but the service is stateless: a container takes one request at a time;"
            " change the pattern to stateful, or take this out",
            settings.max_inputs,
            nearest="1",
        )
        for at, settings in places.items()
        if (settings.max_inputs or 1) > 1
    ]


def planned_problems(
    pattern: str | None, functions: Mapping[str, PlannedFunction], path: str
) -> list[Problem]:
    """What the effective settings say against the pattern; `path` is the service's."""
    at = join(path, "pattern")
    if pattern == "stateless":
        return _stateless(functions, at)
    if pattern == "stateful":
        return _stateful(functions, at)
    batched = any("max_batch_size" in one.effective for one in functions.values())
    if pattern == "batched" and not batched:
        message = "needs a function or method with `@modal.batched`, and the source has none"
        return [Problem(at, message, pattern)]
    return []


def _stateless(functions: Mapping[str, PlannedFunction], at: str) -> list[Problem]:
    many = [name for name, one in functions.items() if one.effective.get("max_inputs", 1) > 1]
    if not many:
        return []
    names = ", ".join(sorted(many))
    message = f"means one request per container, but {names} takes several (max_inputs)"
    return [Problem(at, message, "stateless", nearest="stateful")]


def _stateful(functions: Mapping[str, PlannedFunction], at: str) -> list[Problem]:
    holders = {name: one for name, one in functions.items() if one.kind != "function"}
    if not holders:
        message = (
            "needs a class or a server that loads its model once; the source has functions only"
        )
        return [Problem(at, message, "stateful", nearest="stateless")]
    if any("max_inputs" in one.effective for one in holders.values()):
        return []
    names = ", ".join(sorted(holders))
    message = (
        f"has no limit per container: {names} takes one request at a time; set max_inputs (2 to 8"
        " are usual), in the stack or with `@modal.concurrent`"
    )
    return [Problem(at, message, "stateful", severity="warning")]
