"""RPCs that read and set a function's bounds without a deploy."""

from __future__ import annotations

from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import Invalid
from modal_local.model import Catalog, Execution, LiveFunction
from modal_local.rpc.message import receive
from modal_local.scheduling.admission import refusals
from modal_local.store.store import Store


class AutoscalerRpc:
    """Bounds of functions."""

    def __init__(self, store: Store, catalog: Catalog, execution: Execution) -> None:
        self._store = store
        self._catalog = catalog
        self._execution = execution

    async def FunctionUpdateSchedulingParams(
        self,
        stream: Stream[
            api_pb2.FunctionUpdateSchedulingParamsRequest,
            api_pb2.FunctionUpdateSchedulingParamsResponse,
        ],
    ) -> None:
        """Set some bounds, until the next deploy."""
        request = await receive(stream)
        function = self._catalog.live(request.function_id)
        _check(function, request.settings)
        self._store.functions.set_override(request.function_id, function.app_id, request.settings)
        self._execution.autoscaler_changed(request.function_id)
        current = self._catalog.live(request.function_id).autoscaler
        await stream.send_message(
            api_pb2.FunctionUpdateSchedulingParamsResponse(current_settings=current)
        )

    async def FunctionGetSchedulingParams(
        self,
        stream: Stream[
            api_pb2.FunctionGetSchedulingParamsRequest, api_pb2.FunctionGetSchedulingParamsResponse
        ],
    ) -> None:
        """Bounds in force, and where they come from."""
        request = await receive(stream)
        function = self._catalog.live(request.function_id)
        configuration = api_pb2.AutoscalerConfiguration(
            settings=function.autoscaler,
            static_settings=function.definition.autoscaler_settings,
            override_settings=self._store.functions.override(request.function_id),
        )
        await stream.send_message(
            api_pb2.FunctionGetSchedulingParamsResponse(autoscaler_configuration=configuration)
        )


def _check(function: LiveFunction, settings: api_pb2.AutoscalerSettings) -> None:
    """Raises Invalid for bounds that no deploy could have."""
    changed = api_pb2.Function()
    changed.CopyFrom(function.definition)
    changed.autoscaler_settings.CopyFrom(function.autoscaler)
    changed.autoscaler_settings.MergeFrom(settings)
    ranked = api_pb2.FunctionData.RankedFunction(function=changed)
    data = api_pb2.FunctionData(function_name=function.tag, ranked_functions=[ranked])
    found = refusals(data)
    if found:
        raise Invalid("\n".join(f"{function.tag}: {sentence}" for sentence in found))
