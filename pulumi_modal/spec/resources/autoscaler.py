"""What `FunctionAutoscaler` takes and tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import PlainValidator

from pulumi_modal.spec.naming import FUNCTION_NAME
from pulumi_modal.spec.overrides import MOST_CONTAINERS
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.resources.model import (
    PLACE_EFFECTS,
    Effects,
    EnvironmentName,
    ObjectName,
    ResourceInputs,
    ResourceOutputs,
    WorkspaceName,
    bound,
    in_place,
    placed,
    replacement,
    says,
)
from pulumi_modal.spec.rules import Whole

BOUNDS: Final = ("min_containers", "max_containers", "buffer_containers", "scaledown_window")
UNBOUND: Final[Mapping[str, int]] = {
    "min_containers": 0,
    "max_containers": 0,
    "buffer_containers": 0,
    "scaledown_window": 60,
}
"""What Modal takes for "nothing said": of containers 0 is no limit; of the window, its default."""


def _bound_of(doc: str, example: str, unit: str) -> Any:
    return says(doc, default=None, words="as the deploy says", example=example, unit=unit)


class FunctionAutoscalerInputs(ResourceInputs):
    """Bounds over a function of an app that something else deploys."""

    app_name: ObjectName = says("Name of the app in Modal.", example="llm")
    function: Annotated[str, PlainValidator(FUNCTION_NAME)] = says(
        "Name of the function, class or server.", example="Model"
    )
    environment: EnvironmentName = placed("app")
    workspace: WorkspaceName = bound()
    min_containers: Annotated[int | None, PlainValidator(Whole(0, MOST_CONTAINERS))] = _bound_of(
        "Containers that are kept running.", "1", "containers"
    )
    max_containers: Annotated[int | None, PlainValidator(Whole(1, MOST_CONTAINERS))] = _bound_of(
        "Containers at most.", "10", "containers"
    )
    buffer_containers: Annotated[int | None, PlainValidator(Whole(0, MOST_CONTAINERS))] = _bound_of(
        "Idle containers that are kept ready while there is work.", "1", "containers"
    )
    scaledown_window: Annotated[int | None, PlainValidator(Whole(2, 3600))] = _bound_of(
        "How long an idle container is kept.", "300", "seconds"
    )


class FunctionAutoscalerOutputs(ResourceOutputs):
    """What is told of a function's bounds."""

    function_id: str = says("Modal's id of the function.", example="fu-7Ym2")
    deployed: Mapping[str, int] = says(
        "The bounds of the deploy, which a delete brings back.", example="{max_containers: 4}"
    )
    in_force: Mapping[str, int] = says(
        "The bounds in force after the last apply or refresh.", example="{max_containers: 10}"
    )


_AT_ONCE: Final = in_place("set at once: no new version, and no container is restarted")
EFFECTS: Final[Effects] = {
    "app_name": replacement("another app: the old one gets its own bounds back"),
    "function": replacement("another function: the old one gets its own bounds back"),
    "environment": PLACE_EFFECTS["environment"],
    "workspace": PLACE_EFFECTS["workspace"],
    **dict.fromkeys(BOUNDS, _AT_ONCE),
}


def bound_problems(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the bounds together."""
    said = {name: inputs[name] for name in BOUNDS if name in inputs}
    if not said:
        yield Problem(BOUNDS[0], f"no bound is set; set one of {', '.join(BOUNDS)}, or more")
    lowest, highest = said.get("min_containers"), said.get("max_containers")
    if isinstance(lowest, int) and isinstance(highest, int) and lowest > highest:
        yield Problem("min_containers", f"is above max_containers ({highest})", lowest)
