"""RPCs about images: ask for one, follow its build, look one up."""

from __future__ import annotations

import asyncio
import platform
from typing import Final

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import Invalid, NotFound
from modal_local.images.builder import Build, ImageBuilder
from modal_local.images.record import ImageRecord
from modal_local.rpc.message import position, receive

LONGEST_WAIT_S: Final = 55.0


class ImageRpc:
    """The image RPCs."""

    def __init__(self, images: ImageBuilder) -> None:
        self._images = images

    async def ImageGetOrCreate(
        self, stream: Stream[api_pb2.ImageGetOrCreateRequest, api_pb2.ImageGetOrCreateResponse]
    ) -> None:
        """Answer at once when the image is there; else its build has begun."""
        request = await receive(stream)
        try:
            image_id = await self._images.request(request)
        except NotFound as error:
            raise GRPCError(Status.NOT_FOUND, str(error)) from error
        except Invalid as error:
            raise GRPCError(Status.UNIMPLEMENTED, f"ImageGetOrCreate: {error}") from error
        response = api_pb2.ImageGetOrCreateResponse(image_id=image_id)
        build = self._images.build(image_id)
        record = self._images.record(image_id)
        if record is not None and (build is None or build.done):
            response.result.status = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS
            response.metadata.CopyFrom(_metadata(record))
        await stream.send_message(response)

    async def ImageJoinStreaming(
        self, stream: Stream[api_pb2.ImageJoinStreamingRequest, api_pb2.ImageJoinStreamingResponse]
    ) -> None:
        """Lines of a build as they come, then its result; ends early to be asked again."""
        request = await receive(stream)
        build = self._images.build(request.image_id)
        if build is None:
            await self._send_finished(stream, request)
            return
        deadline = min(request.timeout or LONGEST_WAIT_S, LONGEST_WAIT_S)
        sent = position(request.last_entry_id)
        try:
            async with asyncio.timeout(deadline):
                while await build.goes_on(sent):
                    sent = await _send_lines(stream, build.log.lines, sent)
        except TimeoutError:
            return
        await stream.send_message(self._result(build))

    async def ImageFromId(
        self, stream: Stream[api_pb2.ImageFromIdRequest, api_pb2.ImageFromIdResponse]
    ) -> None:
        """An image that was built before."""
        request = await receive(stream)
        record = self._images.record(request.image_id)
        if record is None:
            raise GRPCError(Status.NOT_FOUND, f"image {request.image_id} does not exist")
        await stream.send_message(
            api_pb2.ImageFromIdResponse(image_id=record.image_id, metadata=_metadata(record))
        )

    async def _send_finished(
        self,
        stream: Stream[api_pb2.ImageJoinStreamingRequest, api_pb2.ImageJoinStreamingResponse],
        request: api_pb2.ImageJoinStreamingRequest,
    ) -> None:
        record = self._images.record(request.image_id)
        lines = self._images.built_log(request.image_id)
        if record is None and not lines:
            raise GRPCError(Status.NOT_FOUND, f"image {request.image_id} does not exist")
        if request.include_logs_for_finished:
            await _send_lines(stream, lines, position(request.last_entry_id))
        response = api_pb2.ImageJoinStreamingResponse(eof=True)
        if record is None:
            response.result.status = api_pb2.GenericResult.GENERIC_STATUS_FAILURE
            response.result.exception = "\n".join(lines)
        else:
            response.result.status = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS
            response.metadata.CopyFrom(_metadata(record))
        await stream.send_message(response)

    def _result(self, build: Build) -> api_pb2.ImageJoinStreamingResponse:
        response = api_pb2.ImageJoinStreamingResponse(eof=True)
        record = self._images.record(build.image_id)
        if build.failure or record is None:
            response.result.status = api_pb2.GenericResult.GENERIC_STATUS_FAILURE
            response.result.exception = build.failure or "the built environment has gone"
        else:
            response.result.status = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS
            response.metadata.CopyFrom(_metadata(record))
        return response


def _metadata(record: ImageRecord) -> api_pb2.ImageMetadata:
    return api_pb2.ImageMetadata(
        python_version_info=f"Python {platform.python_version()}",
        workdir=record.workdir,
        image_builder_version=record.builder_version,
    )


async def _send_lines(
    stream: Stream[api_pb2.ImageJoinStreamingRequest, api_pb2.ImageJoinStreamingResponse],
    lines: list[str],
    sent: int,
) -> int:
    """Send what is new; how many lines are sent by then."""
    new = lines[sent:]
    if new:
        sent += len(new)
        logs = [
            api_pb2.TaskLogs(data=f"{line}\n", file_descriptor=api_pb2.FILE_DESCRIPTOR_STDOUT)
            for line in new
        ]
        await stream.send_message(
            api_pb2.ImageJoinStreamingResponse(task_logs=logs, entry_id=f"{sent}-0")
        )
    return sent
