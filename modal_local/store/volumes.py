"""Volumes: named directories. Containers see writes of others at once; nothing is committed."""

from __future__ import annotations

import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from modal_local.errors import AlreadyExists, NotFound
from modal_local.settings import WORKSPACE
from modal_local.store.database import Database
from modal_local.store.environments import Environment
from modal_local.store.identity import check_object_name, new_id


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume."""

    volume_id: str
    name: str
    """Empty for one that lives as long as its client."""
    version: int
    created_at: float
    created_by: str


class Volumes:
    """Volumes of environments."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def named(self, environment: Environment, name: str) -> Volume:
        """Raises NotFound."""
        row = self._database.one(
            "SELECT * FROM volumes WHERE environment_id = ? AND name = ?",
            environment.environment_id,
            name,
        )
        if row is None:
            raise NotFound(f"Volume '{name}' not found in environment '{environment.name}'.")
        return _volume(row)

    def find(self, volume_id: str) -> Volume:
        """Raises NotFound."""
        row = self._database.one("SELECT * FROM volumes WHERE volume_id = ?", volume_id)
        if row is None:
            raise NotFound(f"Volume {volume_id} does not exist.")
        return _volume(row)

    def of_environment(self, environment: Environment) -> list[Volume]:
        """Named volumes, newest first."""
        rows = self._database.rows(
            "SELECT * FROM volumes WHERE environment_id = ? AND name IS NOT NULL"
            " ORDER BY created_at DESC",
            environment.environment_id,
        )
        return [_volume(row) for row in rows]

    def create(
        self, environment: Environment, name: str, version: int, created_by: str = WORKSPACE
    ) -> Volume:
        """Raises Invalid, AlreadyExists. Without a name: for one client."""
        if name:
            check_object_name(name, "Volume")
        volume_id = new_id("vo")
        try:
            self._database.run(
                "INSERT INTO volumes (volume_id, environment_id, name, version, created_at,"
                " created_by) VALUES (?, ?, ?, ?, ?, ?)",
                volume_id,
                environment.environment_id,
                name or None,
                version,
                time.time(),
                created_by,
            )
        except sqlite3.IntegrityError as error:
            raise AlreadyExists(
                f"Volume '{name}' already exists in environment '{environment.name}'."
            ) from error
        self.path(volume_id)
        return self.find(volume_id)

    def rename(self, volume_id: str, name: str) -> None:
        """Raises NotFound, Invalid, AlreadyExists."""
        check_object_name(name, "Volume")
        self.find(volume_id)
        try:
            self._database.run("UPDATE volumes SET name = ? WHERE volume_id = ?", name, volume_id)
        except sqlite3.IntegrityError as error:
            raise AlreadyExists(f"Volume '{name}' already exists.") from error

    def delete(self, volume_id: str) -> None:
        """Remove it with its files. Raises NotFound."""
        self.find(volume_id)
        self._database.run("DELETE FROM volumes WHERE volume_id = ?", volume_id)
        shutil.rmtree(self._folder / volume_id, ignore_errors=True)

    def path(self, volume_id: str) -> Path:
        """The directory that is this volume. Raises NotFound."""
        self.find(volume_id)
        path = self._folder / volume_id
        path.mkdir(parents=True, exist_ok=True)
        return path

    def drop_orphans(self) -> None:
        """Remove the files of volumes that went with their environment."""
        if not self._folder.is_dir():
            return
        known = {row["volume_id"] for row in self._database.rows("SELECT volume_id FROM volumes")}
        for path in self._folder.iterdir():
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)


def _volume(row: sqlite3.Row) -> Volume:
    return Volume(
        volume_id=row["volume_id"],
        name=row["name"] or "",
        version=row["version"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
