"""What the catalog gives to a container: files, volumes, variables; and what it cannot be given."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from modal_proto import api_pb2

from modal_local.errors import LocalModalError
from modal_local.model import BuiltImage, Catalog, MountedFile, TaskSpec
from modal_local.supervisor.filesystem import Place
from modal_local.supervisor.room import HOME_FOLDER, absolute


@dataclass(frozen=True, slots=True)
class Supplies:
    """Asked for on the server's own thread, used on another."""

    files: Mapping[str, MountedFile]
    volumes: Sequence[Place]
    secrets: Mapping[str, str]


def supplies_for(task: TaskSpec, image: BuiltImage, catalog: Catalog) -> Supplies:
    """Raises LocalModalError for what is not there."""
    definition = task.function.definition
    mounted = catalog.mounted_files(list(definition.mount_ids))
    return Supplies(
        files={absolute(file.remote_path): file for file in (*image.files, *mounted)},
        volumes=[
            Place(absolute(mount.mount_path), str(_volume(mount, catalog)), mount.read_only)
            for mount in definition.volume_mounts
        ],
        secrets=catalog.secret_env(list(definition.secret_ids)),
    )


def shortcomings(
    definition: api_pb2.Function, supplies: Supplies, no_namespaces: str
) -> Iterator[str]:
    """What a container has not got that it would have on Modal, in sentences for its log."""
    if definition.cloud_bucket_mounts:
        yield "Cloud buckets are not mounted by the local Modal"
    if definition.shared_volume_mounts:
        yield "Network file systems are not mounted by the local Modal"
    if no_namespaces:
        targets = {*supplies.files, *(volume.target for volume in supplies.volumes)}
        outside = {f"/{path.split('/')[1]}" for path in targets} - {HOME_FOLDER}
        yield from (f"{path} is not at its place: {no_namespaces}" for path in sorted(outside))


def _volume(mount: api_pb2.VolumeMount, catalog: Catalog) -> Path:
    root = catalog.volume_path(mount.volume_id)
    relative = posixpath.normpath(posixpath.join("/", mount.sub_path)).lstrip("/")
    path = (root / relative).resolve()
    if not path.is_relative_to(root.resolve()):
        raise LocalModalError(f"{mount.sub_path} leads out of its volume")
    path.mkdir(parents=True, exist_ok=True)
    return path
