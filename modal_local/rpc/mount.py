"""RPCs about uploaded files and mounts."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.rpc.message import receive
from modal_local.store.mounts import CLIENT_MOUNT_PREFIX
from modal_local.store.store import Store


class MountRpc:
    """Files by content, and the sets of them that containers see."""

    def __init__(self, store: Store) -> None:
        self._mounts = store.mounts
        self._blobs = store.blobs

    async def MountBatchedCheckExistence(
        self,
        stream: Stream[
            api_pb2.MountBatchedCheckExistenceRequest, api_pb2.MountBatchedCheckExistenceResponse
        ],
    ) -> None:
        """Which of these files have to be uploaded."""
        request = await receive(stream)
        missing = self._blobs.missing(request.sha256_hex_hashes)
        await stream.send_message(
            api_pb2.MountBatchedCheckExistenceResponse(
                missing_sha256_hex_hashes=missing, checked_at=_now()
            )
        )

    async def MountPutFile(
        self, stream: Stream[api_pb2.MountPutFileRequest, api_pb2.MountPutFileResponse]
    ) -> None:
        """Upload a file, or ask whether it is there."""
        request = await receive(stream)
        exists = self._blobs.file(request.sha256_hex).exists()
        if not exists:
            match request.WhichOneof("data_oneof"):
                case "data":
                    self._blobs.put_file(request.sha256_hex, request.data)
                    exists = True
                case "data_blob_id":
                    self._blobs.adopt_blob(request.sha256_hex, request.data_blob_id)
                    exists = True
        await stream.send_message(api_pb2.MountPutFileResponse(exists=exists, checked_at=_now()))

    async def MountGetOrCreate(
        self, stream: Stream[api_pb2.MountGetOrCreateRequest, api_pb2.MountGetOrCreateResponse]
    ) -> None:
        """A mount of uploaded files; the client's own has none, containers have it anyway."""
        request = await receive(stream)
        if request.deployment_name and not request.deployment_name.startswith(CLIENT_MOUNT_PREFIX):
            raise NotFound(f"Mount '{request.deployment_name}' does not exist.")
        mount_id = self._mounts.create(request.files)
        await stream.send_message(
            api_pb2.MountGetOrCreateResponse(
                mount_id=mount_id,
                handle_metadata=api_pb2.MountHandleMetadata(
                    content_checksum_sha256_hex=self._mounts.checksum(mount_id)
                ),
            )
        )


def _now() -> Timestamp:
    now = Timestamp()
    now.GetCurrentTime()
    return now
