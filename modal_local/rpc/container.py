"""RPCs of containers, and of callers about containers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.calls.call import Input
from modal_local.errors import Invalid, NotFound
from modal_local.model import ContainerFacts, LogSink
from modal_local.rpc.chunks import send_chunks
from modal_local.rpc.identity import CallerKind, caller, calling_task
from modal_local.rpc.message import receive
from modal_local.supervisor.execution import LocalExecution

HEARTBEAT_HELD_S: Final = 12.0
"""Less than the client's deadline of 15 s; a cancellation is answered at once."""
_STARTED: Final = frozenset({"ready", "draining", "stopping"})


def _at_its_start(facts: ContainerFacts) -> str:
    return facts.environment


class ContainerRpc:
    """What containers ask of execution, and what is asked about them."""

    def __init__(
        self,
        execution: LocalExecution,
        logs: LogSink,
        environment_of: Callable[[ContainerFacts], str] = _at_its_start,
    ) -> None:
        """`environment_of`: what the environment of a container is called now."""
        self._execution = execution
        self._environment_of = environment_of
        self._serving = execution.serving
        self._logs = logs

    async def ContainerHello(self, stream: Stream[Empty, Empty]) -> None:
        """A container is there; it is ready when it asks for inputs."""
        await receive(stream)
        calling_task(stream)
        await stream.send_message(Empty())

    async def ContainerHeartbeat(
        self,
        stream: Stream[api_pb2.ContainerHeartbeatRequest, api_pb2.ContainerHeartbeatResponse],
    ) -> None:
        """Held open, so that a cancellation reaches the container when it is made."""
        await receive(stream)
        input_ids = await self._serving.cancellations(
            calling_task(stream), timeout_s=HEARTBEAT_HELD_S
        )
        response = api_pb2.ContainerHeartbeatResponse()
        if input_ids:
            response.cancel_input_event.input_ids.extend(input_ids)
        await stream.send_message(response)

    async def FunctionGetInputs(
        self, stream: Stream[api_pb2.FunctionGetInputsRequest, api_pb2.FunctionGetInputsResponse]
    ) -> None:
        """Wait for work, or for the kill switch."""
        request = await receive(stream)
        async with self._serving.inputs(
            calling_task(stream),
            batch_size=request.batch_max_size,
            linger_s=request.batch_linger_ms / 1000,
        ) as batch:
            items = (
                [api_pb2.FunctionGetInputsItem(kill_switch=True)]
                if batch is None
                else [_given(item) for item in batch]
            )
            await stream.send_message(api_pb2.FunctionGetInputsResponse(inputs=items))

    async def ContainerServerLifecycleReady(
        self,
        stream: Stream[api_pb2.ContainerServerLifecycleReadyRequest, Empty],
    ) -> None:
        """A container that listens itself has entered."""
        await receive(stream)
        self._execution.requests.ready(calling_task(stream))
        await stream.send_message(Empty())

    async def FunctionPutOutputs(
        self, stream: Stream[api_pb2.FunctionPutOutputsRequest, Empty]
    ) -> None:
        """Results of inputs."""
        request = await receive(stream)
        self._serving.put_outputs(calling_task(stream), request.outputs)
        await stream.send_message(Empty())

    async def FunctionCallPutDataOut(
        self, stream: Stream[api_pb2.FunctionCallPutDataRequest, Empty]
    ) -> None:
        """What a generator or a web app has to say so far."""
        request = await receive(stream)
        await self._serving.put_data(
            calling_task(stream), request.function_call_id, request.data_chunks
        )
        await stream.send_message(Empty())

    async def FunctionCallGetDataIn(
        self, stream: Stream[api_pb2.FunctionCallGetDataRequest, api_pb2.DataChunk]
    ) -> None:
        """The body of a web request, as it comes."""
        request = await receive(stream)
        call = self._serving.call(calling_task(stream), request.function_call_id)
        await send_chunks(stream, call.data_in, request.last_index)

    async def FunctionGetDynamicConcurrency(
        self,
        stream: Stream[
            api_pb2.FunctionGetDynamicConcurrencyRequest,
            api_pb2.FunctionGetDynamicConcurrencyResponse,
        ],
    ) -> None:
        """How many inputs to take at once."""
        await receive(stream)
        concurrency = self._serving.concurrency(calling_task(stream))
        await stream.send_message(
            api_pb2.FunctionGetDynamicConcurrencyResponse(concurrency=concurrency)
        )

    async def TaskResult(self, stream: Stream[api_pb2.TaskResultRequest, Empty]) -> None:
        """A container could not be made ready, and says why."""
        request = await receive(stream)
        self._serving.report(calling_task(stream), request.result)
        await stream.send_message(Empty())

    async def TaskCurrentInputs(
        self, stream: Stream[Empty, api_pb2.TaskCurrentInputsResponse]
    ) -> None:
        """What the calling container works on."""
        await receive(stream)
        input_ids = self._serving.current_inputs(calling_task(stream))
        await stream.send_message(api_pb2.TaskCurrentInputsResponse(input_ids=input_ids))

    async def ContainerLog(self, stream: Stream[api_pb2.ContainerLogRequest, Empty]) -> None:
        """Lines that a container sends besides its output."""
        request = await receive(stream)
        lines = [(line.file_descriptor, line.data) for line in request.logs]
        self._serving.log(calling_task(stream), self._logs, lines)
        await stream.send_message(Empty())

    async def ContainerStop(
        self, stream: Stream[api_pb2.ContainerStopRequest, api_pb2.ContainerStopResponse]
    ) -> None:
        """End a container; containers may end themselves only."""
        request = await receive(stream)
        origin = caller(stream)
        if origin.kind is CallerKind.CONTAINER and origin.task_id != request.task_id:
            raise Invalid("a container can stop itself only")
        if request.graceful:
            self._serving.drain(request.task_id)
        else:
            await self._execution.stop_container(request.task_id)
        await stream.send_message(api_pb2.ContainerStopResponse())

    async def TaskList(
        self, stream: Stream[api_pb2.TaskListRequest, api_pb2.TaskListResponse]
    ) -> None:
        """Running containers of an app or an environment."""
        request = await receive(stream)
        tasks = [
            _stats(facts)
            for facts in self._execution.containers(request.app_id or None)
            if request.environment_name in {"", self._environment_of(facts)}
        ]
        await stream.send_message(api_pb2.TaskListResponse(tasks=tasks))

    async def TaskGetInfo(
        self, stream: Stream[api_pb2.TaskGetInfoRequest, api_pb2.TaskGetInfoResponse]
    ) -> None:
        """One running container."""
        request = await receive(stream)
        for facts in self._execution.containers():
            if facts.task_id == request.task_id:
                await stream.send_message(
                    api_pb2.TaskGetInfoResponse(app_id=facts.app_id, info=_task_info(facts))
                )
                return
        raise NotFound(f"container {request.task_id} does not exist, or has ended")


def _given(item: Input) -> api_pb2.FunctionGetInputsItem:
    return api_pb2.FunctionGetInputsItem(
        input_id=item.input_id,
        input=item.message,
        function_call_id=item.call.call_id,
        function_call_invocation_type=item.call.invocation,
        retry_count=item.attempt,
        function_map_idx=item.idx,
    )


def _stats(facts: ContainerFacts) -> api_pb2.TaskStats:
    return api_pb2.TaskStats(
        task_id=facts.task_id,
        app_id=facts.app_id,
        app_description=facts.app_name,
        started_at=facts.started_at if facts.state in _STARTED else 0.0,
        enqueued_at=facts.started_at,
    )


def _task_info(facts: ContainerFacts) -> api_pb2.TaskInfo:
    name, _, count = facts.gpu.partition(":")
    info = api_pb2.TaskInfo(
        id=facts.task_id,
        enqueued_at=facts.started_at,
        started_at=min(facts.started_at, time.time()),
        gpu_type=name,
    )
    if name:
        info.gpu_config.gpu_type = name
        info.gpu_config.count = int(count or 1)
    return info
