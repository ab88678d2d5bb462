"""RPCs about the files in volumes: list, read, write, copy, remove."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import Conflict, Invalid
from modal_local.rpc.message import receive
from modal_local.store.store import Store
from modal_local.store.volume_files import NewFile, VolumeFiles

BLOCK_BYTES: Final = 8 * 1024**2
_PAGE: Final = 1_000
_LARGEST_MESSAGE: Final = 2 * 1024**2


class TransferUrls(Protocol):
    """Signed addresses of the HTTP door."""

    def upload(self, blob_id: str) -> str:
        """Where to PUT; the answer is the blob's id."""

    def file_range(self, volume_id: str, path: str, start: int, length: int) -> str:
        """Where to GET a part of a file."""


class VolumeFileRpc:
    """Files in volumes, of both file system versions."""

    def __init__(self, store: Store, urls: TransferUrls) -> None:
        self._volumes = store.volumes
        self._blobs = store.blobs
        self._urls = urls

    async def VolumeListFiles(
        self, stream: Stream[api_pb2.VolumeListFilesRequest, api_pb2.VolumeListFilesResponse]
    ) -> None:
        """What is in a directory."""
        request = await receive(stream)
        for page in await self._pages(request):
            await stream.send_message(api_pb2.VolumeListFilesResponse(entries=page))

    async def VolumeListFiles2(
        self, stream: Stream[api_pb2.VolumeListFiles2Request, api_pb2.VolumeListFiles2Response]
    ) -> None:
        """What is in a directory."""
        request = await receive(stream)
        for page in await self._pages(request):
            await stream.send_message(api_pb2.VolumeListFiles2Response(entries=page))

    async def VolumeGetFile(
        self, stream: Stream[api_pb2.VolumeGetFileRequest, api_pb2.VolumeGetFileResponse]
    ) -> None:
        """A part of a file; the client asks for the next one."""
        request = await receive(stream)
        path = self._files(request.volume_id).file(request.path)
        size = path.stat().st_size
        length = min(request.len or size, _LARGEST_MESSAGE, max(size - request.start, 0))
        with path.open("rb") as file:
            file.seek(request.start)
            data = file.read(length)
        await stream.send_message(
            api_pb2.VolumeGetFileResponse(data=data, size=size, start=request.start, len=len(data))
        )

    async def VolumeGetFile2(
        self, stream: Stream[api_pb2.VolumeGetFile2Request, api_pb2.VolumeGetFile2Response]
    ) -> None:
        """Addresses of the blocks of a file."""
        request = await receive(stream)
        size = self._files(request.volume_id).file(request.path).stat().st_size
        start = min(request.start, size)
        end = min(start + request.len, size) if request.len else size
        urls = [
            self._urls.file_range(request.volume_id, request.path, first, last - first)
            for first, last in block_ranges(start, end)
        ]
        await stream.send_message(
            api_pb2.VolumeGetFile2Response(get_urls=urls, size=size, start=start, len=end - start)
        )

    async def VolumePutFiles(self, stream: Stream[api_pb2.VolumePutFilesRequest, Empty]) -> None:
        """Files that were uploaded whole."""
        request = await receive(stream)
        missing = self._blobs.missing(file.sha256_hex for file in request.files)
        if missing:
            raise Conflict(f"{len(missing)} files have not been uploaded")
        files = [
            NewFile(file.filename, [self._blobs.file(file.sha256_hex)], file.mode)
            for file in request.files
        ]
        await asyncio.to_thread(
            self._files(request.volume_id).put,
            files,
            overwrite=not request.disallow_overwrite_existing_files,
        )
        await stream.send_message(Empty())

    async def VolumePutFiles2(
        self, stream: Stream[api_pb2.VolumePutFiles2Request, api_pb2.VolumePutFiles2Response]
    ) -> None:
        """Files in blocks: those that are missing are asked for, then all are written."""
        request = await receive(stream)
        response = api_pb2.VolumePutFiles2Response()
        files = []
        for index, file in enumerate(request.files):
            contents = []
            for number, block in enumerate(file.blocks):
                digest = block.contents_sha256.hex()
                content = self._blobs.file(digest)
                if not content.exists() and block.put_response:
                    blob_id = block.put_response.decode("ascii", "replace")
                    await asyncio.to_thread(self._blobs.adopt_blob, digest, blob_id)
                if not content.exists():
                    response.missing_blocks.add(
                        file_index=index,
                        block_index=number,
                        put_url=self._urls.upload(self._blobs.new()),
                    )
                contents.append(content)
            files.append(NewFile(file.path, contents, file.mode))
        if not response.missing_blocks:
            await asyncio.to_thread(
                self._files(request.volume_id).put,
                files,
                overwrite=not request.disallow_overwrite_existing_files,
            )
        await stream.send_message(response)

    async def VolumeRemoveFile(
        self, stream: Stream[api_pb2.VolumeRemoveFileRequest, Empty]
    ) -> None:
        """Remove a file or a directory."""
        await self._remove(stream)

    async def VolumeRemoveFile2(
        self, stream: Stream[api_pb2.VolumeRemoveFile2Request, Empty]
    ) -> None:
        """Remove a file or a directory."""
        await self._remove(stream)

    async def VolumeCopyFiles(self, stream: Stream[api_pb2.VolumeCopyFilesRequest, Empty]) -> None:
        """Copy within a volume."""
        await self._copy(stream)

    async def VolumeCopyFiles2(
        self, stream: Stream[api_pb2.VolumeCopyFiles2Request, Empty]
    ) -> None:
        """Copy within a volume."""
        await self._copy(stream)

    async def _pages(
        self, request: api_pb2.VolumeListFilesRequest | api_pb2.VolumeListFiles2Request
    ) -> Sequence[Sequence[api_pb2.FileEntry]]:
        files = self._files(request.volume_id)

        def read() -> list[api_pb2.FileEntry]:
            found = list(files.entries(request.path, recursive=request.recursive))
            return found[: request.max_entries] if request.max_entries else found

        entries = await asyncio.to_thread(read)
        return [entries[at : at + _PAGE] for at in range(0, len(entries), _PAGE)]

    async def _remove(self, stream: Stream[Any, Empty]) -> None:
        request = await receive(stream)
        files = self._files(request.volume_id)
        await asyncio.to_thread(files.remove, request.path, recursive=request.recursive)
        await stream.send_message(Empty())

    async def _copy(self, stream: Stream[Any, Empty]) -> None:
        request = await receive(stream)
        if not request.src_paths:
            raise Invalid("there is nothing to copy")
        files = self._files(request.volume_id)
        sources = list(request.src_paths)
        await asyncio.to_thread(files.copy, sources, request.dst_path, recursive=request.recursive)
        await stream.send_message(Empty())

    def _files(self, volume_id: str) -> VolumeFiles:
        return VolumeFiles(self._volumes.path(volume_id))


def block_ranges(start: int, end: int) -> list[tuple[int, int]]:
    """A range of bytes, cut where blocks begin."""
    ranges = []
    while start < end:
        stop = min(end, (start // BLOCK_BYTES + 1) * BLOCK_BYTES)
        ranges.append((start, stop))
        start = stop
    return ranges
