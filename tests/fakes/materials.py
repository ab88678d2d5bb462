"""A catalog of a few secrets, mounts and volumes, in a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from modal_local.errors import NotFound
from modal_local.model import LiveFunction, MountedFile


class Materials:
    """What images and containers use besides their own definition."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.secrets: dict[str, Mapping[str, str]] = {}
        self.mounts: dict[str, list[MountedFile]] = {}

    def mount(self, mount_id: str, files: Mapping[str, bytes]) -> None:
        """Add files, as an upload would."""
        self.mounts[mount_id] = [self._file(remote, data) for remote, data in files.items()]

    def secret_env(self, secret_ids: Sequence[str]) -> Mapping[str, str]:
        """Variables of these secrets; later ones win."""
        return {k: v for secret_id in secret_ids for k, v in self.secrets[secret_id].items()}

    def mounted_files(self, mount_ids: Sequence[str]) -> Sequence[MountedFile]:
        """The files of these mounts."""
        return [file for mount_id in mount_ids for file in self.mounts[mount_id]]

    def volume_path(self, volume_id: str) -> Path:
        """The directory that is this volume."""
        path = self._folder / "volumes" / volume_id
        path.mkdir(parents=True, exist_ok=True)
        return path

    def live(self, function_id: str) -> LiveFunction:
        """Nothing is deployed here."""
        raise NotFound(function_id)

    def live_functions(self, app_id: str | None = None) -> Sequence[LiveFunction]:
        """Nothing is deployed here."""
        del app_id
        return []

    def _file(self, remote: str, data: bytes) -> MountedFile:
        content = self._folder / "blobs" / hashlib.sha256(data).hexdigest()
        content.parent.mkdir(parents=True, exist_ok=True)
        content.write_bytes(data)
        return MountedFile(remote_path=remote, content=content, mode=0o644)
