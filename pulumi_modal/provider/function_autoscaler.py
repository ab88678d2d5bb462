"""`FunctionAutoscalerProvider`: bounds over a function of an app that something else deploys.

They are set at once, without a new version, and hold until the next deploy of that app: a refresh
sees that they are gone, and the next `pulumi up` sets them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import NotFound
from pulumi_modal.gateway.connect import connect_wire
from pulumi_modal.gateway.named import Autoscalers, FunctionBounds, ObjectRef
from pulumi_modal.provider.noun import Found, NounProvider, Schema
from pulumi_modal.provider.operation import current
from pulumi_modal.provider.props import Props
from pulumi_modal.spec.resources.autoscaler import (
    BOUNDS,
    EFFECTS,
    UNBOUND,
    FunctionAutoscalerInputs,
    FunctionAutoscalerOutputs,
    bound_problems,
)

SCHEMA: Final = Schema(
    FunctionAutoscalerInputs,
    FunctionAutoscalerOutputs,
    EFFECTS,
    place=("environment", "app_name", "function"),
    lasting=("function_id", "deployed"),
    relations=bound_problems,
)


class FunctionAutoscalerProvider(NounProvider):
    """Holds nothing: a state file stores it by its path, and it runs today's code."""

    def noun(self) -> FunctionAutoscalerNoun:
        """An autoscaler."""
        return FunctionAutoscalerNoun()


class FunctionAutoscalerNoun:
    """An autoscaler, over the gateway."""

    schema = SCHEMA

    def completed(self, olds: Props, inputs: dict[str, Any]) -> dict[str, Any]:
        """Nothing of it is worked out."""
        del olds
        return inputs

    def create(self, inputs: Props) -> Mapping[str, Any]:
        """Set the bounds."""
        return self._set(inputs, _declared(inputs))

    def read(self, place: Props, inputs: Props) -> Found | None:
        """The declared bounds as they are now; for an import, those that somebody has set."""
        found = _autoscalers(place).find(_app(place), place["function"])
        if found is None:
            return None
        names = [*_declared(inputs)] or [*found.set_since]
        where = {key: place[key] for key in ("app_name", "function", "environment", "workspace")}
        bounds = {name: found.in_force[name] for name in names if name in found.in_force}
        return Found({**where, **bounds}, _outputs({**where, **bounds}, found))

    def update(self, olds: Props, inputs: Props) -> Mapping[str, Any]:
        """Set the bounds; what is not declared any more is what the deploy says."""
        dropped = [name for name in _declared(olds) if name not in inputs]
        return self._set(inputs, _declared(inputs), dropped)

    def delete(self, outputs: Props) -> None:
        """Bring the deploy's own bounds back."""
        autoscalers, what = _autoscalers(outputs), _words(outputs)
        found = autoscalers.find(_app(outputs), outputs["function"])
        if found is None:
            current().tell("was gone already")
            return
        own = _own(found, _declared(outputs))
        if own:
            autoscalers.set(what, found.function_id, own)

    def _set(
        self, inputs: Props, bounds: Mapping[str, int], dropped: Iterable[str] = ()
    ) -> Mapping[str, Any]:
        autoscalers, app, what = _autoscalers(inputs), _app(inputs), _words(inputs)
        found = autoscalers.find(app, inputs["function"])
        if found is None:
            raise NotFound(
                f"{what}: is not deployed; deploy the app first, or correct `app_name` and"
                " `function` (`modal app list`)"
            )
        autoscalers.set(what, found.function_id, {**_own(found, dropped), **bounds})
        return _outputs(inputs, autoscalers.find(app, inputs["function"]) or found)


def _own(found: FunctionBounds, names: Iterable[str]) -> dict[str, int]:
    """The bounds of the deploy that is live now."""
    return {name: found.deployed.get(name, UNBOUND[name]) for name in names}


def _declared(inputs: Props) -> dict[str, int]:
    return {name: inputs[name] for name in BOUNDS if inputs.get(name) is not None}


def _outputs(inputs: Props, found: FunctionBounds) -> dict[str, Any]:
    return {
        **inputs,
        "function_id": found.function_id,
        "deployed": dict(found.deployed),
        "in_force": dict(found.in_force),
    }


def _app(inputs: Props) -> ObjectRef:
    return ObjectRef(inputs["environment"], inputs["app_name"])


def _words(inputs: Props) -> str:
    return f"{inputs['function']} of {_app(inputs)}"


def _autoscalers(inputs: Props) -> Autoscalers:
    caller = connect_wire(inputs["workspace"], inputs["environment"], Path.cwd())
    from pulumi_modal.gateway.autoscalers import (
        WireAutoscalers,
    )  # late: loaded by now, by one thread

    return WireAutoscalers(caller)
