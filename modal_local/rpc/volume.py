"""RPCs about volumes as such; what is in them is the matter of VolumeFileRpc."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.rpc.identity import author
from modal_local.rpc.message import receive
from modal_local.rpc.page import page
from modal_local.store.store import Store
from modal_local.store.volumes import Volume


class VolumeRpc:
    """Volumes of environments."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._volumes = store.volumes

    async def VolumeGetOrCreate(
        self, stream: Stream[api_pb2.VolumeGetOrCreateRequest, api_pb2.VolumeGetOrCreateResponse]
    ) -> None:
        """Look one up, or make it."""
        request = await receive(stream)
        volume = self._get_or_create(request, author(stream, self._store.service_users))
        await stream.send_message(
            api_pb2.VolumeGetOrCreateResponse(
                volume_id=volume.volume_id,
                version=volume.version,  # type: ignore[arg-type]  # kept as given
                metadata=_shown(volume),
            )
        )

    async def VolumeGetById(
        self, stream: Stream[api_pb2.VolumeGetByIdRequest, api_pb2.VolumeGetByIdResponse]
    ) -> None:
        """What is known of a volume."""
        request = await receive(stream)
        volume = self._volumes.find(request.volume_id)
        await stream.send_message(
            api_pb2.VolumeGetByIdResponse(volume_id=volume.volume_id, metadata=_shown(volume))
        )

    async def VolumeList(
        self, stream: Stream[api_pb2.VolumeListRequest, api_pb2.VolumeListResponse]
    ) -> None:
        """Named volumes, newest first."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        volumes = page(self._volumes.of_environment(environment), request.pagination)
        items = [
            api_pb2.VolumeListItem(
                label=volume.name,
                volume_id=volume.volume_id,
                created_at=volume.created_at,
                metadata=_shown(volume),
            )
            for volume in volumes
        ]
        await stream.send_message(
            api_pb2.VolumeListResponse(items=items, environment_name=environment.name)
        )

    async def VolumeRename(self, stream: Stream[api_pb2.VolumeRenameRequest, Empty]) -> None:
        """Give it another name."""
        request = await receive(stream)
        self._volumes.rename(request.volume_id, request.name)
        await stream.send_message(Empty())

    async def VolumeDelete(self, stream: Stream[api_pb2.VolumeDeleteRequest, Empty]) -> None:
        """Remove it with its files."""
        request = await receive(stream)
        self._volumes.delete(request.volume_id)
        await stream.send_message(Empty())

    async def VolumeHeartbeat(self, stream: Stream[api_pb2.VolumeHeartbeatRequest, Empty]) -> None:
        """The client of a nameless volume is there."""
        request = await receive(stream)
        self._volumes.find(request.volume_id)
        await stream.send_message(Empty())

    async def VolumeCommit(
        self, stream: Stream[api_pb2.VolumeCommitRequest, api_pb2.VolumeCommitResponse]
    ) -> None:
        """Writes are there for all already: a volume is one directory."""
        request = await receive(stream)
        self._volumes.find(request.volume_id)
        await stream.send_message(api_pb2.VolumeCommitResponse(skip_reload=True))

    async def VolumeReload(self, stream: Stream[api_pb2.VolumeReloadRequest, Empty]) -> None:
        """Writes of others are there already."""
        request = await receive(stream)
        self._volumes.find(request.volume_id)
        await stream.send_message(Empty())

    def _get_or_create(self, request: api_pb2.VolumeGetOrCreateRequest, by: str) -> Volume:
        environment = self._store.environments.find(request.environment_name)
        version = request.version or api_pb2.VOLUME_FS_VERSION_V1
        kind = request.object_creation_type
        if kind in {
            api_pb2.OBJECT_CREATION_TYPE_EPHEMERAL,
            api_pb2.OBJECT_CREATION_TYPE_ANONYMOUS_OWNED_BY_APP,
        }:
            return self._volumes.create(environment, "", version, by)
        if kind == api_pb2.OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS:
            return self._volumes.create(environment, request.deployment_name, version, by)
        try:
            return self._volumes.named(environment, request.deployment_name)
        except NotFound:
            if kind != api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING:
                raise
        return self._volumes.create(environment, request.deployment_name, version, by)


def _shown(volume: Volume) -> api_pb2.VolumeMetadata:
    return api_pb2.VolumeMetadata(
        version=volume.version,  # type: ignore[arg-type]  # kept as given
        name=volume.name,
        creation_info=api_pb2.CreationInfo(
            created_at=volume.created_at, created_by=volume.created_by
        ),
    )
