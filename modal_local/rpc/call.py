"""RPCs of callers: make function calls, fetch their outputs, cancel and look at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.calls.call import Call, Input
from modal_local.calls.ledger import OutputQuery
from modal_local.calls.replies import Replies
from modal_local.errors import Invalid, NotFound
from modal_local.rpc.chunks import send_chunks
from modal_local.rpc.message import header, position, receive
from modal_local.supervisor.execution import LocalExecution

LONGEST_WAIT_S: Final = 60.0
MOST_OUTSTANDING: Final = 1000
_REMEMBERED_REPLIES: Final = 512
_IDEMPOTENCY_HEADER: Final = "x-idempotency-key"
_Result = api_pb2.GenericResult


class CallRpc:
    """What callers ask of execution."""

    def __init__(self, execution: LocalExecution) -> None:
        self._execution = execution
        self._calling = execution.calling
        self._replies: Replies[Message] = Replies(_REMEMBERED_REPLIES)

    async def FunctionMap(
        self, stream: Stream[api_pb2.FunctionMapRequest, api_pb2.FunctionMapResponse]
    ) -> None:
        """Make a call; a repeated request makes none."""
        request = await receive(stream)
        key = header(stream, _IDEMPOTENCY_HEADER)
        reply = self._replies.find(key)
        if not isinstance(reply, api_pb2.FunctionMapResponse):
            call, inputs = self._calling.open(request)
            reply = api_pb2.FunctionMapResponse(
                function_call_id=call.call_id,
                function_call_jwt=call.call_id,
                pipelined_inputs=_accepted(inputs),
                sync_client_retries_enabled=False,  # retries are made here
                max_inputs_outstanding=MOST_OUTSTANDING,
            )
            self._replies.keep(key, reply)
        await stream.send_message(reply)

    async def FunctionPutInputs(
        self, stream: Stream[api_pb2.FunctionPutInputsRequest, api_pb2.FunctionPutInputsResponse]
    ) -> None:
        """More inputs of a map; a repeated request adds none."""
        request = await receive(stream)
        key = header(stream, _IDEMPOTENCY_HEADER)
        reply = self._replies.find(key)
        if not isinstance(reply, api_pb2.FunctionPutInputsResponse):
            inputs = self._calling.put(request.function_call_id, request.inputs)
            reply = api_pb2.FunctionPutInputsResponse(inputs=_accepted(inputs))
            self._replies.keep(key, reply)
        await stream.send_message(reply)

    async def FunctionRetryInputs(
        self,
        stream: Stream[api_pb2.FunctionRetryInputsRequest, api_pb2.FunctionRetryInputsResponse],
    ) -> None:
        """A client that retries by itself."""
        request = await receive(stream)
        key = header(stream, _IDEMPOTENCY_HEADER)
        reply = self._replies.find(key)
        if not isinstance(reply, api_pb2.FunctionRetryInputsResponse):
            self._calling.retry(request.function_call_jwt, request.inputs)
            reply = api_pb2.FunctionRetryInputsResponse(
                input_jwts=[item.input_jwt for item in request.inputs]
            )
            self._replies.keep(key, reply)
        await stream.send_message(reply)

    async def FunctionFinishInputs(
        self, stream: Stream[api_pb2.FunctionFinishInputsRequest, Empty]
    ) -> None:
        """A spawned map has all its inputs."""
        request = await receive(stream)
        self._calling.find(request.function_call_id)
        await stream.send_message(Empty())

    async def FunctionGetOutputs(
        self, stream: Stream[api_pb2.FunctionGetOutputsRequest, api_pb2.FunctionGetOutputsResponse]
    ) -> None:
        """Wait for outputs; drop them once they are sent, if the caller says so."""
        request = await receive(stream)
        try:
            call = self._calling.find(request.function_call_id)
        except NotFound:
            if not (request.clear_on_success and request.timeout == 0):
                raise
            # an acknowledgement of what was dropped already
            await stream.send_message(api_pb2.FunctionGetOutputsResponse())
            return
        page = await self._calling.outputs(call, _query(request))
        await stream.send_message(
            api_pb2.FunctionGetOutputsResponse(
                idxs=[item.idx for item in page.items],
                outputs=page.items,
                last_entry_id=f"{page.position}-0",
                num_unfinished_inputs=page.unfinished,
            )
        )
        if request.clear_on_success and (page.items or request.timeout == 0):
            self._calling.clear(call)

    async def FunctionCallCancel(
        self, stream: Stream[api_pb2.FunctionCallCancelRequest, Empty]
    ) -> None:
        """End a call, or all calls of a function."""
        request = await receive(stream)
        if request.function_call_id:
            calls = [self._calling.find(request.function_call_id)]
        elif request.function_id:
            calls = self._calling.calls_of(request.function_id)
        else:
            raise Invalid("FunctionCallCancel needs a function call or a function")
        for call in calls:
            self._calling.cancel(call, terminate_containers=request.terminate_containers)
        await stream.send_message(Empty())

    async def FunctionCallFromId(
        self, stream: Stream[api_pb2.FunctionCallFromIdRequest, api_pb2.FunctionCallFromIdResponse]
    ) -> None:
        """What is known of a call."""
        request = await receive(stream)
        call = self._calling.find(request.function_call_id)
        await stream.send_message(
            api_pb2.FunctionCallFromIdResponse(
                function_call_id=call.call_id,
                num_inputs=call.total_inputs,
                metadata=api_pb2.FunctionCallHandleMetadata(
                    function_id=call.function_id, app_id=call.app_id
                ),
            )
        )

    async def FunctionCallGetInfo(
        self,
        stream: Stream[api_pb2.FunctionCallGetInfoRequest, api_pb2.FunctionCallGetInfoResponse],
    ) -> None:
        """How far a call is."""
        request = await receive(stream)
        info = _info(self._calling.find(request.function_call_id))
        await stream.send_message(api_pb2.FunctionCallGetInfoResponse(info=info))

    async def FunctionCallList(
        self, stream: Stream[api_pb2.FunctionCallListRequest, api_pb2.FunctionCallListResponse]
    ) -> None:
        """Calls of a function that are still known."""
        request = await receive(stream)
        calls = [_info(call) for call in self._calling.calls_of(request.function_id)]
        await stream.send_message(api_pb2.FunctionCallListResponse(function_calls=calls))

    async def FunctionGetCallGraph(
        self,
        stream: Stream[api_pb2.FunctionGetCallGraphRequest, api_pb2.FunctionGetCallGraphResponse],
    ) -> None:
        """The inputs of this call; what they called themselves is not followed."""
        request = await receive(stream)
        call = self._calling.find(request.function_call_id)
        await stream.send_message(
            api_pb2.FunctionGetCallGraphResponse(
                inputs=_graph_inputs(call),
                function_calls=[
                    api_pb2.FunctionCallCallGraphInfo(
                        function_call_id=call.call_id,
                        module_name=call.module_name,
                        function_name=call.function_name,
                    )
                ],
            )
        )

    async def FunctionGetCurrentStats(
        self, stream: Stream[api_pb2.FunctionGetCurrentStatsRequest, api_pb2.FunctionStats]
    ) -> None:
        """Inputs and containers now."""
        request = await receive(stream)
        await stream.send_message(self._execution.stats(request.function_id))

    async def FunctionCallGetDataOut(
        self, stream: Stream[api_pb2.FunctionCallGetDataRequest, api_pb2.DataChunk]
    ) -> None:
        """What a generator yields, as it comes."""
        request = await receive(stream)
        call = self._calling.find(request.function_call_id)
        await send_chunks(stream, call.data_out, request.last_index)


def _accepted(inputs: Sequence[Input]) -> list[api_pb2.FunctionPutInputsResponseItem]:
    return [
        api_pb2.FunctionPutInputsResponseItem(
            idx=item.idx, input_id=item.input_id, input_jwt=item.input_id
        )
        for item in inputs
    ]


def _query(request: api_pb2.FunctionGetOutputsRequest) -> OutputQuery:
    return OutputQuery(
        start_idx=request.start_idx if request.HasField("start_idx") else None,
        end_idx=request.end_idx if request.HasField("end_idx") else None,
        position=position(request.last_entry_id),
        max_values=request.max_values,
        timeout_s=min(max(request.timeout, 0.0), LONGEST_WAIT_S),
    )


def _info(call: Call) -> api_pb2.FunctionCallInfo:
    statuses = Counter(output.result.status for output in call.outputs.values())

    def category(
        *wanted: api_pb2.GenericResult.GenericStatus.ValueType,
    ) -> api_pb2.InputCategoryInfo:
        return api_pb2.InputCategoryInfo(total=sum(statuses[status] for status in wanted))

    return api_pb2.FunctionCallInfo(
        function_call_id=call.call_id,
        created_at=call.created_at,
        scheduled_at=call.created_at,
        pending_inputs=api_pb2.InputCategoryInfo(total=len(call.unfinished)),
        succeeded_inputs=category(_Result.GENERIC_STATUS_SUCCESS),
        failed_inputs=category(_Result.GENERIC_STATUS_FAILURE, _Result.GENERIC_STATUS_INIT_FAILURE),
        timeout_inputs=category(_Result.GENERIC_STATUS_TIMEOUT),
        cancelled_inputs=category(_Result.GENERIC_STATUS_TERMINATED),
        total_inputs=call.total_inputs,
    )


def _graph_inputs(call: Call) -> list[api_pb2.InputCallGraphInfo]:
    done = [(item.input_id, item.task_id, item.result.status) for item in call.outputs.values()]
    pending = [
        (item.input_id, item.task_id, _Result.GENERIC_STATUS_UNSPECIFIED)
        for item in call.unfinished.values()
    ]
    return [
        api_pb2.InputCallGraphInfo(
            input_id=input_id,
            task_id=task_id,
            status=status,
            function_call_id=call.call_id,
        )
        for input_id, task_id, status in [*done, *pending]
    ]
