"""Named volumes of Modal."""

from __future__ import annotations

from typing import Any, Final

from modal_proto import api_pb2

from pulumi_modal.errors import NotFound
from pulumi_modal.gateway.named import Caller, NamedVolume, ObjectRef, moment

_VERSIONS: Final = {1: api_pb2.VOLUME_FS_VERSION_V1, 2: api_pb2.VOLUME_FS_VERSION_V2}


class WireVolumes:
    """Volumes by single calls."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def find(self, volume: ObjectRef) -> NamedVolume | None:
        """The volume of this name; None when there is none."""
        kind = api_pb2.OBJECT_CREATION_TYPE_UNSPECIFIED
        try:
            return self._get(volume, kind, 0, f"looking up the volume {volume}")
        except NotFound:
            return None

    def ensure(self, volume: ObjectRef, version: int) -> NamedVolume:
        """Make it, where there is none."""
        kind = api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING
        return self._get(volume, kind, version, f"creating the volume {volume}")

    def is_empty(self, volume: ObjectRef, found: NamedVolume) -> bool:
        """Whether it holds no file and no folder."""
        rpc = "VolumeListFiles2" if found.version == 2 else "VolumeListFiles"  # noqa: PLR2004
        request = getattr(api_pb2, f"{rpc}Request")(
            volume_id=found.volume_id, path="/", max_entries=1
        )
        batches = self._caller.stream(rpc, request, f"looking into the volume {volume}")
        return not any(batch.entries for batch in batches)

    def delete(self, volume: ObjectRef, found: NamedVolume) -> None:
        """Remove it with all that is in it."""
        request = api_pb2.VolumeDeleteRequest(volume_id=found.volume_id)
        self._caller.call("VolumeDelete", request, f"deleting the volume {volume}")

    def _get(self, volume: ObjectRef, kind: Any, version: int, what: str) -> NamedVolume:
        request = api_pb2.VolumeGetOrCreateRequest(
            deployment_name=volume.name,
            environment_name=volume.environment,
            object_creation_type=kind,
            version=_VERSIONS.get(version, api_pb2.VOLUME_FS_VERSION_UNSPECIFIED),
        )
        answer = self._caller.call("VolumeGetOrCreate", request, what)
        told = answer.metadata
        number = told.version or answer.version or api_pb2.VOLUME_FS_VERSION_V1
        found = next((one for one, kind_ in _VERSIONS.items() if kind_ == number), 1)
        made = told.creation_info
        return NamedVolume(answer.volume_id, found, moment(made.created_at), made.created_by)
