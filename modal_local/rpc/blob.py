"""RPCs about blobs: where to upload, where to download."""

from __future__ import annotations

from typing import Protocol

from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.rpc.message import receive
from modal_local.store.blobs import Blobs


class BlobUrls(Protocol):
    """Signed addresses of the HTTP door for blobs."""

    def upload(self, blob_id: str) -> str:
        """Where to PUT."""

    def download(self, blob_id: str) -> str:
        """Where to GET."""


class BlobRpc:
    """Contents too large for a message."""

    def __init__(self, blobs: Blobs, urls: BlobUrls) -> None:
        self._blobs = blobs
        self._urls = urls

    async def BlobCreate(
        self, stream: Stream[api_pb2.BlobCreateRequest, api_pb2.BlobCreateResponse]
    ) -> None:
        """An id and the address to upload to."""
        await receive(stream)
        blob_id = self._blobs.new()
        await stream.send_message(
            api_pb2.BlobCreateResponse(
                blob_id=blob_id,
                blob_ids=[blob_id],
                upload_urls=api_pb2.UploadUrlList(items=[self._urls.upload(blob_id)]),
            )
        )

    async def BlobGet(
        self, stream: Stream[api_pb2.BlobGetRequest, api_pb2.BlobGetResponse]
    ) -> None:
        """The address to download from."""
        request = await receive(stream)
        self._blobs.path(request.blob_id)
        await stream.send_message(
            api_pb2.BlobGetResponse(download_url=self._urls.download(request.blob_id))
        )
