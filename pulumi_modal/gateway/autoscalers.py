"""Autoscalers of deployed functions, whoever has deployed them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modal_proto import api_pb2

from pulumi_modal.errors import NotFound
from pulumi_modal.gateway.named import Caller, FunctionBounds, ObjectRef
from pulumi_modal.gateway.observation import BOUNDS


class WireAutoscalers:
    """Autoscalers by single calls."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def find(self, app: ObjectRef, function: str) -> FunctionBounds | None:
        """The bounds of a function, class or server; None when it is not deployed."""
        for tag in (function, f"{function}.*"):  # how Modal calls a class
            found = self._of(app, tag)
            if found is not None:
                return found
        return None

    def set(self, what: str, function_id: str, bounds: Mapping[str, int]) -> None:
        """Set these bounds at once; the others stay."""
        request = api_pb2.FunctionUpdateSchedulingParamsRequest(
            function_id=function_id, settings=api_pb2.AutoscalerSettings(**dict(bounds))
        )
        self._caller.call("FunctionUpdateSchedulingParams", request, f"scaling {what}")

    def _of(self, app: ObjectRef, tag: str) -> FunctionBounds | None:
        what = f"looking up {tag} of {app}"
        request = api_pb2.FunctionGetRequest(
            app_name=app.name, object_tag=tag, environment_name=app.environment
        )
        try:
            function_id = self._caller.call("FunctionGet", request, what).function_id
            about = api_pb2.FunctionGetSchedulingParamsRequest(function_id=function_id)
            answer = self._caller.call("FunctionGetSchedulingParams", about, what)
        except NotFound:
            return None
        told = answer.autoscaler_configuration
        return FunctionBounds(
            function_id,
            in_force=_said(told.settings),
            deployed=_said(told.static_settings),
            set_since=_said(told.override_settings),
        )


def _said(settings: Any) -> dict[str, int]:
    found = {name: getattr(settings, name) for name in BOUNDS if settings.HasField(name)}
    if not found.get("max_containers", 1):
        del found["max_containers"]  # how Modal writes that there is no limit
    return found
