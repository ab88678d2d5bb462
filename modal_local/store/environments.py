"""Environments: the namespaces of a workspace."""

from __future__ import annotations

import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Final

from modal_local.errors import AlreadyExists, Conflict, Invalid, NotFound
from modal_local.store.database import Database
from modal_local.store.identity import (
    check_environment_name,
    check_web_suffix,
    new_id,
    web_suffix_of,
)
from modal_local.store.roles import VIEWER, check_role

BUILDER_VERSIONS: Final = ("2023.12", "2024.04", "2024.10", "2025.06", "2026.10", "PREVIEW")


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment."""

    environment_id: str
    name: str
    web_suffix: str
    image_builder_version: str
    is_default: bool
    is_restricted: bool
    default_role: str
    """Of members that have no role of their own; empty unless it is restricted."""
    created_at: float


class Environments:
    """All environments; one of them is the default."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make_default(self, name: str, builder_version: str) -> None:
        """See to it that there is a default environment."""
        with self._database.transaction():
            if not self._database.one("SELECT 1 FROM environments WHERE is_default"):
                self._insert(name, builder_version)
                self.set_default(name)

    def find(self, name: str) -> Environment:
        """By name or id; the default one for an empty name. Raises NotFound."""
        row = (
            self._database.one(
                "SELECT * FROM environments WHERE name = ? OR environment_id = ?", name, name
            )
            if name
            else self._database.one("SELECT * FROM environments WHERE is_default")
        )
        if row is None:
            known = ", ".join(environment.name for environment in self.all())
            raise NotFound(f"Environment '{name}' not found. There are: {known}.")
        return _environment(row)

    def all(self) -> list[Environment]:
        """Every environment by name."""
        rows = self._database.rows("SELECT * FROM environments ORDER BY is_default DESC, name")
        return [_environment(row) for row in rows]

    def create(self, name: str, builder_version: str) -> Environment:
        """Raises Invalid, AlreadyExists."""
        check_environment_name(name)
        with self._database.transaction():
            if self._database.one("SELECT 1 FROM environments WHERE name = ?", name):
                raise AlreadyExists(f"Environment '{name}' already exists.")
            self._insert(name, builder_version)
            return self.find(name)

    def rename(self, name: str, new_name: str) -> None:
        """Raises NotFound, Invalid, AlreadyExists."""
        check_environment_name(new_name)
        environment = self.find(name)
        try:
            self._database.run(
                "UPDATE environments SET name = ? WHERE environment_id = ?",
                new_name,
                environment.environment_id,
            )
        except sqlite3.IntegrityError as error:
            raise AlreadyExists(f"Environment '{new_name}' already exists.") from error

    def set_web_suffix(self, name: str, web_suffix: str) -> None:
        """Raises NotFound, Invalid, AlreadyExists: no two have the same, "" included."""
        check_web_suffix(web_suffix)
        environment = self.find(name)
        other = self._database.value(
            "SELECT name FROM environments WHERE web_suffix = ? AND environment_id != ?",
            web_suffix,
            environment.environment_id,
        )
        if other is not None:
            raise AlreadyExists(f"Web suffix '{web_suffix}' is that of environment '{other}'.")
        self._database.run(
            "UPDATE environments SET web_suffix = ? WHERE environment_id = ?",
            web_suffix,
            environment.environment_id,
        )

    def restrict(self, name: str, *, is_restricted: bool, default_role: str) -> None:
        """Whether roles count there, and the role of who has none. Raises NotFound, Invalid."""
        if default_role:
            check_role(default_role)
        self._database.run(
            "UPDATE environments SET is_restricted = ?, default_role = ? WHERE environment_id = ?",
            is_restricted,
            (default_role or VIEWER) if is_restricted else "",
            self.find(name).environment_id,
        )

    def set_builder_version(self, name: str, version: str) -> None:
        """Raises NotFound, Invalid."""
        if version not in BUILDER_VERSIONS:
            raise Invalid(
                f"Image builder version {version} is unknown; there are "
                f"{', '.join(BUILDER_VERSIONS)}."
            )
        self._database.run(
            "UPDATE environments SET image_builder_version = ? WHERE environment_id = ?",
            version,
            self.find(name).environment_id,
        )

    def set_default(self, name: str) -> None:
        """Raises NotFound."""
        environment = self.find(name)
        with self._database.transaction():
            self._database.run("UPDATE environments SET is_default = 0")
            self._database.run(
                "UPDATE environments SET is_default = 1 WHERE environment_id = ?",
                environment.environment_id,
            )

    def delete(self, name: str) -> None:
        """Remove it with everything in it. Raises NotFound, Conflict."""
        environment = self.find(name)
        if environment.is_default:
            raise Conflict(f"Environment '{environment.name}' is the default and stays.")
        self._database.run(
            "DELETE FROM environments WHERE environment_id = ?", environment.environment_id
        )

    def _insert(self, name: str, builder_version: str) -> None:
        suffix, taken = web_suffix_of(name), {one.web_suffix for one in self.all()}
        if suffix in taken:
            suffix = f"{suffix}-{secrets.token_hex(2)}"
        self._database.run(
            "INSERT INTO environments (environment_id, name, web_suffix, image_builder_version,"
            " created_at) VALUES (?, ?, ?, ?, ?)",
            new_id("en"),
            name,
            suffix,
            builder_version,
            time.time(),
        )


def _environment(row: sqlite3.Row) -> Environment:
    return Environment(
        environment_id=row["environment_id"],
        name=row["name"],
        web_suffix=row["web_suffix"],
        image_builder_version=row["image_builder_version"],
        is_default=bool(row["is_default"]),
        is_restricted=bool(row["is_restricted"]),
        default_role=row["default_role"],
        created_at=row["created_at"],
    )
