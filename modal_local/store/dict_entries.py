"""What is in dicts: entries that go when nobody has read or written them for a week."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from modal_local.errors import Invalid, NoRoom
from modal_local.store.database import Database

LARGEST_VALUE: Final = 100 * 1024**2
LARGEST_DICT: Final = 10 * 1024**3
MOST_UPDATES: Final = 10_000
MOST_COUNTED: Final = 100_000
IDLE_S: Final = 7 * 24 * 3600.0
_USE_NOTED_EVERY_S: Final = 3600.0
"""A read is written down at most so often: it need not cost a write each time."""


class DictEntries:
    """Keys and values of every dict, as clients have serialized them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, dict_id: str, key: bytes) -> bytes | None:
        """The value of a key; None when it has none."""
        row = self._database.one(
            "SELECT value, used_at FROM dict_entries WHERE dict_id = ? AND key = ?", dict_id, key
        )
        now = time.time()
        if row is None or row["used_at"] < now - IDLE_S:
            return None
        if row["used_at"] < now - _USE_NOTED_EVERY_S:
            self._database.run(
                "UPDATE dict_entries SET used_at = ? WHERE dict_id = ? AND key = ?",
                now,
                dict_id,
                key,
            )
        return bytes(row["value"])

    def update(
        self, dict_id: str, entries: Mapping[bytes, bytes], *, only_new: bool = False
    ) -> bool:
        """Set keys; whether any was. With `only_new`, keys that are there stay as they are."""
        _check(entries)
        with self._database.transaction():
            self._drop_idle(dict_id)
            wanted = {
                key: value
                for key, value in entries.items()
                if not only_new or self.get(dict_id, key) is None
            }
            now = time.time()
            self._database.run_many(
                "INSERT OR REPLACE INTO dict_entries VALUES (?, ?, ?, ?)",
                [(dict_id, key, value, now) for key, value in wanted.items()],
            )
            if self._database.size() > LARGEST_DICT and self._size(dict_id) > LARGEST_DICT:
                raise NoRoom(f"Dict {dict_id} would be larger than 10 GiB.")
        return bool(wanted)

    def pop(self, dict_id: str, key: bytes) -> bytes | None:
        """Remove a key; its value, None when it had none."""
        with self._database.transaction():
            value = self.get(dict_id, key)
            self._database.run(
                "DELETE FROM dict_entries WHERE dict_id = ? AND key = ?", dict_id, key
            )
        return value

    def count(self, dict_id: str) -> int:
        """How many keys it has; not counted further than Modal does."""
        self._drop_idle(dict_id)
        count = self._database.value("SELECT COUNT(*) FROM dict_entries WHERE dict_id = ?", dict_id)
        return min(int(count), MOST_COUNTED)

    def keys(self, dict_id: str) -> list[bytes]:
        """All keys of a dict, in no order that means anything."""
        self._drop_idle(dict_id)
        rows = self._database.rows("SELECT key FROM dict_entries WHERE dict_id = ?", dict_id)
        return [bytes(row["key"]) for row in rows]

    def clear(self, dict_id: str) -> None:
        """Remove all keys."""
        self._database.run("DELETE FROM dict_entries WHERE dict_id = ?", dict_id)

    def _size(self, dict_id: str) -> int:
        query = "SELECT SUM(LENGTH(key) + LENGTH(value)) FROM dict_entries WHERE dict_id = ?"
        return int(self._database.value(query, dict_id) or 0)

    def _drop_idle(self, dict_id: str) -> None:
        self._database.run(
            "DELETE FROM dict_entries WHERE dict_id = ? AND used_at < ?",
            dict_id,
            time.time() - IDLE_S,
        )


def _check(entries: Mapping[bytes, bytes]) -> None:
    if len(entries) > MOST_UPDATES:
        raise Invalid(f"A dict takes {MOST_UPDATES} entries in one update, not {len(entries)}.")
    for value in entries.values():
        if len(value) > LARGEST_VALUE:
            raise Invalid(f"A value of a dict can have 100 MiB, not {len(value)} bytes.")
