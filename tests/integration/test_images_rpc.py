"""The image RPCs as a client sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from grpclib.client import Channel
from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError
from grpclib.server import Server
from modal_proto import api_grpc, api_pb2

from modal_local.images.builder import ImageBuilder
from modal_local.rpc.image import ImageRpc
from tests.fakes.materials import Materials

SUCCESS = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS
FAILURE = api_pb2.GenericResult.GENERIC_STATUS_FAILURE


class ImageService:
    """Only the image RPCs, for grpclib."""

    def __init__(self, rpc: ImageRpc) -> None:
        self._rpc = rpc

    def __mapping__(self) -> dict[str, Handler]:
        unary, stream = Cardinality.UNARY_UNARY, Cardinality.UNARY_STREAM
        kinds = {"ImageGetOrCreate": unary, "ImageFromId": unary, "ImageJoinStreaming": stream}
        return {
            f"/modal.client.ModalClient/{name}": Handler(
                getattr(self._rpc, name),
                kind,
                getattr(api_pb2, f"{name}Request"),
                getattr(api_pb2, f"{name}Response"),
            )
            for name, kind in kinds.items()
        }


@asynccontextmanager
async def a_client(folder: Path) -> AsyncIterator[api_grpc.ModalClientStub]:
    async with ImageBuilder(folder / "images", Materials(folder)) as builder:
        server = Server([ImageService(ImageRpc(builder))])
        address = str(folder / "socket")
        await server.start(path=address)
        channel = Channel(path=address)
        try:
            yield api_grpc.ModalClientStub(channel)
        finally:
            channel.close()
            server.close()
            await server.wait_closed()


async def ask(
    stub: api_grpc.ModalClientStub, *commands: str, base: str = ""
) -> api_pb2.ImageGetOrCreateResponse:
    image = api_pb2.Image(dockerfile_commands=commands)
    if base:
        image.base_images.add(docker_tag="base", image_id=base)
    request = api_pb2.ImageGetOrCreateRequest(image=image, builder_version="2025.06")
    return await stub.ImageGetOrCreate(request)


async def follow(
    stub: api_grpc.ModalClientStub, image_id: str, *, finished: bool = False
) -> tuple[str, api_pb2.ImageJoinStreamingResponse]:
    """The log and the last response."""
    request = api_pb2.ImageJoinStreamingRequest(
        image_id=image_id, timeout=55, include_logs_for_finished=finished
    )
    responses = await stub.ImageJoinStreaming(request)
    text = "".join(log.data for response in responses for log in response.task_logs)
    return text, responses[-1]


async def test_a_build_is_followed_to_its_result_and_then_found_at_once(tmp_path: Path) -> None:
    async with a_client(tmp_path) as stub:
        commands = ["FROM python:3.11.12-slim-bookworm", "RUN apt-get install -y git"]
        first = await ask(stub, *commands)
        assert first.result.status == api_pb2.GenericResult.GENERIC_STATUS_UNSPECIFIED
        text, last = await follow(stub, first.image_id)
        assert "RUN apt-get install -y git: skipped" in text
        assert last.result.status == SUCCESS
        assert last.metadata.python_version_info.startswith("Python 3.")
        again = await ask(stub, *commands)
        assert (again.image_id, again.result.status) == (first.image_id, SUCCESS)
        known = await stub.ImageFromId(api_pb2.ImageFromIdRequest(image_id=first.image_id))
        assert known.metadata.image_builder_version == "2025.06"
    async with a_client(tmp_path) as stub:  # after a restart
        text, last = await follow(stub, first.image_id, finished=True)
        assert "skipped" in text
        assert last.result.status == SUCCESS


async def test_a_failed_build_says_why(tmp_path: Path) -> None:
    async with a_client(tmp_path) as stub:
        base = await ask(stub, "FROM python:3.11.12-slim-bookworm")
        await follow(stub, base.image_id)
        broken = await ask(stub, "FROM base", "RUN pip install --target /x six", base=base.image_id)
        _, last = await follow(stub, broken.image_id)
        assert last.result.status == FAILURE
        assert "--target" in last.result.exception


async def test_an_unknown_image_is_not_found(tmp_path: Path) -> None:
    async with a_client(tmp_path) as stub:
        with pytest.raises(GRPCError) as error:
            await stub.ImageFromId(api_pb2.ImageFromIdRequest(image_id="im-../../etc"))
        assert error.value.status is Status.NOT_FOUND
        with pytest.raises(GRPCError) as error:
            await follow(stub, "im-none")
        assert error.value.status is Status.NOT_FOUND
