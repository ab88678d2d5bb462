"""RPCs about calls and containers, asked directly."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib.client import Channel
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from modal_proto import api_pb2
from modal_proto.api_grpc import ModalClientStub

from tests.fakes.small_modal import SmallModal, small_modal

SOURCE = """
@app.function(max_containers=1, gpu="H100:2")
def square(x):
    return x * x

@app.function()
def count(n):
    yield from range(n)
"""
SYNC = api_pb2.FUNCTION_CALL_INVOCATION_TYPE_SYNC
ASYNC = api_pb2.FUNCTION_CALL_INVOCATION_TYPE_ASYNC


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[SmallModal, ModalClientStub]]:
    async with small_modal(folder) as small:
        await small.deploy(SOURCE)
        address = urlsplit(small.doors.url)
        async with Channel(address.hostname, address.port) as channel:
            yield small, ModalClientStub(channel)


def an_input(value: int, idx: int = 0) -> api_pb2.FunctionPutInputsItem:
    arguments = api_pb2.FunctionInput(
        args=pickle.dumps(((value,), {})), data_format=api_pb2.DATA_FORMAT_PICKLE
    )
    return api_pb2.FunctionPutInputsItem(idx=idx, input=arguments)


async def make_call(
    small: SmallModal,
    stub: ModalClientStub,
    *values: int,
    key: str = "",
    name: str = "square",
    invocation: api_pb2.FunctionCallInvocationType.ValueType = ASYNC,
) -> api_pb2.FunctionMapResponse:
    request = api_pb2.FunctionMapRequest(
        function_id=small.app.layout.function_ids[name],
        function_call_type=api_pb2.FUNCTION_CALL_TYPE_MAP,
        function_call_invocation_type=invocation,
        pipelined_inputs=[an_input(value, idx) for idx, value in enumerate(values)],
    )
    headers: Mapping[str, str] = {"x-idempotency-key": key} if key else {}
    return await stub.FunctionMap(request, metadata=dict(headers))


async def outputs(
    stub: ModalClientStub, call_id: str, count: int
) -> list[api_pb2.FunctionGetOutputsItem]:
    items: list[api_pb2.FunctionGetOutputsItem] = []
    entry = "0-0"
    async with asyncio.timeout(20):
        while len(items) < count:
            response = await stub.FunctionGetOutputs(
                api_pb2.FunctionGetOutputsRequest(
                    function_call_id=call_id, timeout=20, last_entry_id=entry
                )
            )
            items.extend(response.outputs)
            entry = response.last_entry_id
    return items


async def test_a_repeated_request_makes_one_call(tmp_path: Path) -> None:
    async with served(tmp_path) as (small, stub):
        first = await make_call(small, stub, 1, key="same")
        assert await make_call(small, stub, 1, key="same") == first
        other = await make_call(small, stub, 1, key="other")
        assert other.function_call_id != first.function_call_id
        request = api_pb2.FunctionPutInputsRequest(
            function_call_id=first.function_call_id, inputs=[an_input(2, 1)]
        )
        put = await stub.FunctionPutInputs(request, metadata={"x-idempotency-key": "put"})
        again = await stub.FunctionPutInputs(request, metadata={"x-idempotency-key": "put"})
        assert put == again
        items = await outputs(stub, first.function_call_id, 2)
        assert [item.idx for item in items] == [0, 1]


async def test_a_call_can_be_looked_at(tmp_path: Path) -> None:
    async with served(tmp_path) as (small, stub):
        call = await make_call(small, stub, 1, 2, 3)
        call_id = call.function_call_id
        await outputs(stub, call_id, 3)
        info = await stub.FunctionCallGetInfo(
            api_pb2.FunctionCallGetInfoRequest(function_call_id=call_id)
        )
        assert (info.info.total_inputs, info.info.succeeded_inputs.total) == (3, 3)
        listed = await stub.FunctionCallList(
            api_pb2.FunctionCallListRequest(function_id=small.app.layout.function_ids["square"])
        )
        assert [known.function_call_id for known in listed.function_calls] == [call_id]
        known = await stub.FunctionCallFromId(
            api_pb2.FunctionCallFromIdRequest(function_call_id=call_id)
        )
        assert (known.num_inputs, known.metadata.app_id) == (3, "ap-1")


async def test_a_client_may_retry_by_itself(tmp_path: Path) -> None:
    async with served(tmp_path) as (small, stub):
        call = await make_call(small, stub, 3)
        (first,) = await outputs(stub, call.function_call_id, 1)
        item = api_pb2.FunctionRetryInputsItem(
            input_jwt=first.input_id, input=an_input(4).input, retry_count=1
        )
        await stub.FunctionRetryInputs(
            api_pb2.FunctionRetryInputsRequest(
                function_call_jwt=call.function_call_jwt, inputs=[item]
            )
        )
        (second, *_) = (
            await stub.FunctionGetOutputs(
                api_pb2.FunctionGetOutputsRequest(
                    function_call_id=call.function_call_id, timeout=20, start_idx=0, end_idx=0
                )
            )
        ).outputs
        assert pickle.loads(second.result.data) == 16  # noqa: S301 - made by this test


async def test_a_broken_stream_of_chunks_can_be_resumed(tmp_path: Path) -> None:
    async with served(tmp_path) as (small, stub):
        call = await make_call(small, stub, 5, name="count", invocation=SYNC)
        for last_index, expected in ((0, [1, 2, 3, 4, 5]), (3, [4, 5])):
            async with stub.FunctionCallGetDataOut.open() as stream:
                request = api_pb2.FunctionCallGetDataRequest(
                    function_call_id=call.function_call_id, last_index=last_index
                )
                await stream.send_message(request, end=True)
                indexes: list[int] = []
                while len(indexes) < len(expected):
                    chunk = await stream.recv_message()
                    assert chunk is not None
                    indexes.append(chunk.index)
                await stream.cancel()
            assert indexes == expected


async def test_containers_can_be_listed_looked_at_and_stopped(tmp_path: Path) -> None:
    async with served(tmp_path) as (small, stub):
        call = await make_call(small, stub, 1)
        await outputs(stub, call.function_call_id, 1)
        (task,) = (await stub.TaskList(api_pb2.TaskListRequest(app_id="ap-1"))).tasks
        assert task.app_description == "test"
        other = await stub.TaskList(api_pb2.TaskListRequest(environment_name="elsewhere"))
        assert not other.tasks
        info = await stub.TaskGetInfo(api_pb2.TaskGetInfoRequest(task_id=task.task_id))
        assert (info.info.gpu_config.gpu_type, info.info.gpu_config.count) == ("H100", 2)
        stats = await stub.FunctionGetCurrentStats(
            api_pb2.FunctionGetCurrentStatsRequest(
                function_id=small.app.layout.function_ids["square"]
            )
        )
        assert (stats.num_total_tasks, stats.backlog, stats.input_headroom) == (1, 0, 1)
        await stub.ContainerStop(api_pb2.ContainerStopRequest(task_id=task.task_id))
        assert not (await stub.TaskList(api_pb2.TaskListRequest())).tasks


async def test_what_does_not_exist_is_said_so(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, stub):
        gone = api_pb2.FunctionGetOutputsRequest(function_call_id="fc-0", timeout=1)
        assert await _status(stub.FunctionGetOutputs(gone)) is Status.NOT_FOUND
        acknowledgement = api_pb2.FunctionGetOutputsRequest(
            function_call_id="fc-0", clear_on_success=True
        )
        assert not (await stub.FunctionGetOutputs(acknowledgement)).outputs
        request = api_pb2.FunctionMapRequest(function_id="fu-0")
        assert await _status(stub.FunctionMap(request)) is Status.NOT_FOUND
        stop = api_pb2.ContainerStopRequest(task_id="ta-0")
        assert await _status(stub.ContainerStop(stop)) is Status.NOT_FOUND
        cancel = api_pb2.FunctionCallCancelRequest()
        assert await _status(stub.FunctionCallCancel(cancel)) is Status.INVALID_ARGUMENT


async def test_clients_may_not_speak_as_containers(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, stub):
        for refused in (
            stub.FunctionGetInputs(api_pb2.FunctionGetInputsRequest()),
            stub.FunctionPutOutputs(api_pb2.FunctionPutOutputsRequest()),
            stub.ContainerHello(Empty()),
            stub.TaskResult(api_pb2.TaskResultRequest()),
        ):
            assert await _status(refused) is Status.PERMISSION_DENIED


async def _status(call: object) -> Status:
    with pytest.raises(GRPCError) as told:
        await call  # type: ignore[misc]  # a coroutine of a stub
    return told.value.status
