"""Dicts and queues as such: named ones of environments, nameless ones of clients that are heard.

A nameless one is dropped when its client has been silent; that is looked after when another is
made, and at the start.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import Final

from modal_local.errors import AlreadyExists, NotFound
from modal_local.store.database import Database
from modal_local.store.environments import Environment
from modal_local.store.identity import check_object_name, new_id

SILENCE_S: Final = 15 * 60.0
"""How long a nameless one outlives the last sign of its client, who beats every five minutes."""
DICT: Final = "Dict"
QUEUE: Final = "Queue"
_PREFIXES: Final = {DICT: "di", QUEUE: "qu"}


@dataclass(frozen=True, slots=True)
class Collection:
    """One dict or queue."""

    collection_id: str
    name: str
    """Empty for one that lives as long as its client."""
    created_at: float
    created_by: str


class Collections:
    """All dicts, or all queues."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database = database
        self._kind = kind

    def named(self, environment: Environment, name: str) -> Collection:
        """Raises NotFound."""
        row = self._database.one(
            "SELECT * FROM collections WHERE environment_id = ? AND kind = ? AND name = ?",
            environment.environment_id,
            self._kind,
            name,
        )
        if row is None:
            raise NotFound(f"{self._kind} '{name}' not found in environment '{environment.name}'.")
        return _collection(row)

    def find(self, collection_id: str) -> Collection:
        """Raises NotFound."""
        row = self._database.one(
            "SELECT * FROM collections WHERE collection_id = ? AND kind = ?",
            collection_id,
            self._kind,
        )
        if row is None:
            raise NotFound(f"{self._kind} {collection_id} does not exist.")
        return _collection(row)

    def of_environment(self, environment: Environment) -> list[Collection]:
        """Named ones, newest first."""
        rows = self._database.rows(
            "SELECT * FROM collections WHERE environment_id = ? AND kind = ?"
            " AND name IS NOT NULL ORDER BY created_at DESC",
            environment.environment_id,
            self._kind,
        )
        return [_collection(row) for row in rows]

    def create(self, environment: Environment, name: str, created_by: str) -> str:
        """Its id. Raises Invalid, AlreadyExists. Without a name: for one client."""
        if name:
            check_object_name(name, self._kind)
        else:
            self.drop_silent()
        collection_id, now = new_id(_PREFIXES[self._kind]), time.time()
        try:
            self._database.run(
                "INSERT INTO collections VALUES (?, ?, ?, ?, ?, ?, ?)",
                collection_id,
                self._kind,
                environment.environment_id,
                name or None,
                now,
                created_by,
                now,
            )
        except sqlite3.IntegrityError as error:
            raise AlreadyExists(
                f"{self._kind} '{name}' already exists in environment '{environment.name}'."
            ) from error
        return collection_id

    def beat(self, collection_id: str) -> None:
        """Its client is there. Raises NotFound."""
        self.find(collection_id)
        self._database.run(
            "UPDATE collections SET heard_at = ? WHERE collection_id = ?",
            time.time(),
            collection_id,
        )

    def delete(self, collection_id: str) -> None:
        """Remove it with what is in it. Raises NotFound."""
        self.find(collection_id)
        self._database.run("DELETE FROM collections WHERE collection_id = ?", collection_id)

    def drop_silent(self) -> None:
        """Remove nameless ones whose clients are gone."""
        self._database.run(
            "DELETE FROM collections WHERE kind = ? AND name IS NULL AND heard_at < ?",
            self._kind,
            time.time() - SILENCE_S,
        )


def _collection(row: sqlite3.Row) -> Collection:
    return Collection(
        collection_id=row["collection_id"],
        name=row["name"] or "",
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
