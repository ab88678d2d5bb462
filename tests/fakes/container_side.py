"""The few RPCs a container needs, answered from a list of inputs: enough to see one start."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpclib.const
import grpclib.server
from google.protobuf import empty_pb2
from grpclib.server import Server
from modal_proto import api_pb2

_UNARY = grpclib.const.Cardinality.UNARY_UNARY


class ContainerSide:
    """Gives out inputs, keeps outputs, then sends the kill switch."""

    def __init__(self, inputs: Sequence[api_pb2.FunctionGetInputsItem]) -> None:
        self._inputs = list(inputs)
        self.headers: list[str] = []
        self.outputs: list[api_pb2.FunctionPutOutputsItem] = []
        self.asked = asyncio.Event()
        self.answered = asyncio.Event()
        self.hold = asyncio.Event()
        """Set: the kill switch is sent when inputs have run out."""
        self.url = ""

    async def ContainerHello(self, stream: Any) -> None:  # noqa: N802
        """The container is there."""
        self.headers.append(stream.metadata.get("x-task", ""))
        await stream.recv_message()
        await stream.send_message(empty_pb2.Empty())

    async def ContainerHeartbeat(self, stream: Any) -> None:  # noqa: N802
        """The container lives."""
        await stream.recv_message()
        await stream.send_message(api_pb2.ContainerHeartbeatResponse())

    async def FunctionGetInputs(self, stream: Any) -> None:  # noqa: N802
        """The container is ready."""
        await stream.recv_message()
        self.asked.set()
        if self._inputs:
            response = api_pb2.FunctionGetInputsResponse(inputs=[self._inputs.pop(0)])
        else:
            await self.hold.wait()
            response = api_pb2.FunctionGetInputsResponse(
                inputs=[api_pb2.FunctionGetInputsItem(kill_switch=True)]
            )
        await stream.send_message(response)

    async def FunctionPutOutputs(self, stream: Any) -> None:  # noqa: N802
        """The container has answered."""
        request = await stream.recv_message()
        self.outputs.extend(request.outputs)
        self.answered.set()
        await stream.send_message(empty_pb2.Empty())

    async def VolumeCommit(self, stream: Any) -> None:  # noqa: N802
        """Volumes are directories."""
        await stream.recv_message()
        await stream.send_message(api_pb2.VolumeCommitResponse())

    def __mapping__(self) -> dict[str, grpclib.const.Handler]:
        """What grpclib serves."""
        empty = empty_pb2.Empty
        kinds = {
            "ContainerHello": empty,
            "ContainerHeartbeat": api_pb2.ContainerHeartbeatRequest,
            "FunctionGetInputs": api_pb2.FunctionGetInputsRequest,
            "FunctionPutOutputs": api_pb2.FunctionPutOutputsRequest,
            "VolumeCommit": api_pb2.VolumeCommitRequest,
        }
        replies = {
            "ContainerHello": empty,
            "ContainerHeartbeat": api_pb2.ContainerHeartbeatResponse,
            "FunctionGetInputs": api_pb2.FunctionGetInputsResponse,
            "FunctionPutOutputs": empty,
            "VolumeCommit": api_pb2.VolumeCommitResponse,
        }
        return {
            f"/modal.client.ModalClient/{name}": grpclib.const.Handler(
                getattr(self, name), _UNARY, request, replies[name]
            )
            for name, request in kinds.items()
        }


@asynccontextmanager
async def serve_container(side: ContainerSide) -> AsyncIterator[ContainerSide]:
    """Serve on a free loopback port while the block runs."""
    server = Server([side])
    await server.start("127.0.0.1", 0)
    sockets: list[socket.socket] = list(getattr(server._server, "sockets", ()))
    side.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    try:
        yield side
    finally:
        server.close()
        await server.wait_closed()
