"""Mounts: sets of uploaded files. The same files are the same mount."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import PurePosixPath

from modal_proto import api_pb2

from modal_local.errors import Conflict, Invalid, NotFound
from modal_local.model import MountedFile
from modal_local.store.blobs import Blobs
from modal_local.store.database import Database
from modal_local.store.identity import new_id

CLIENT_MOUNT_PREFIX = "modal-client-"
_DEFAULT_MODE = 0o644


class Mounts:
    """Mounts by id."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def create(self, files: Sequence[api_pb2.MountFile]) -> str:
        """The mount of these files. Raises Conflict when one was not uploaded, Invalid."""
        for file in files:
            if ".." in PurePosixPath(file.filename).parts:
                raise Invalid(f"{file.filename} leads out of its folder: name the file without ..")
        listed = sorted((f.filename, f.sha256_hex, f.mode or _DEFAULT_MODE) for f in files)
        missing = self._blobs.missing(sha256 for _, sha256, _ in listed)
        if missing:
            raise Conflict(f"{len(missing)} files of the mount have not been uploaded")
        digest = hashlib.sha256(json.dumps(listed).encode()).hexdigest()
        with self._database.transaction():
            mount_id = self._database.value("SELECT mount_id FROM mounts WHERE digest = ?", digest)
            if mount_id is None:
                mount_id = new_id("mo")
                self._database.run("INSERT INTO mounts VALUES (?, ?)", mount_id, digest)
                self._database.run_many(
                    "INSERT OR REPLACE INTO mount_files VALUES (?, ?, ?, ?)",
                    [(mount_id, *file) for file in listed],
                )
        return str(mount_id)

    def checksum(self, mount_id: str) -> str:
        """Names the content of a mount. Raises NotFound."""
        digest = self._database.value("SELECT digest FROM mounts WHERE mount_id = ?", mount_id)
        if digest is None:
            raise NotFound(f"Mount {mount_id} does not exist.")
        return str(digest)

    def files(self, mount_ids: Sequence[str]) -> list[MountedFile]:
        """The files of these mounts. Raises NotFound."""
        found = []
        for mount_id in mount_ids:
            self.checksum(mount_id)
            found += [
                MountedFile(row["path"], self._blobs.file(row["sha256"]), row["mode"])
                for row in self._database.rows(
                    "SELECT * FROM mount_files WHERE mount_id = ? ORDER BY path", mount_id
                )
            ]
        return found
