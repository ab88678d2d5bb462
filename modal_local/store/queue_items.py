"""What is in queues: items in order, by partition; a partition ends a while after its last put."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from modal_local.errors import Invalid, NoRoom
from modal_local.store.database import Database

MOST_PARTITIONS: Final = 100_000
MOST_ITEMS: Final = 5_000
LARGEST_ITEM: Final = 1024**2
LARGEST_PARTITION: Final = 64 * 1024**2
LARGEST_KEY: Final = 64
DEFAULT_TTL_S: Final = 24 * 3600
_LARGEST_PAGE: Final = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class Item:
    """One item, and its place in the order of its partition."""

    entry: int
    value: bytes


class QueueItems:
    """Items of every queue, as clients have serialized them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self, queue_id: str, partition: bytes, values: Sequence[bytes], ttl_s: int = DEFAULT_TTL_S
    ) -> None:
        """Add all values at the end, or none of them. Raises Invalid, NoRoom."""
        _check(partition, values, ttl_s)
        with self._database.transaction():
            self._drop_expired(queue_id)
            self._database.run(
                "INSERT INTO queue_partitions VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                " SET expires_at = excluded.expires_at",
                queue_id,
                partition,
                time.time() + ttl_s,
            )
            self._database.run_many(
                "INSERT INTO queue_items (queue_id, partition, value) VALUES (?, ?, ?)",
                [(queue_id, partition, value) for value in values],
            )
            self._check_room(queue_id, partition)

    def take(self, queue_id: str, partition: bytes, count: int) -> list[bytes]:
        """Remove the first items, at most so many."""
        with self._database.transaction():
            self._drop_expired(queue_id)
            found = self._page(queue_id, partition, 0, count)
            self._database.run_many(
                "DELETE FROM queue_items WHERE entry = ?", [(item.entry,) for item in found]
            )
        return [item.value for item in found]

    def after(self, queue_id: str, partition: bytes, entry: int) -> list[Item]:
        """A page of the items behind an entry; they stay where they are."""
        self._drop_expired(queue_id)
        return self._page(queue_id, partition, entry, MOST_ITEMS)

    def has_more(self, queue_id: str, partition: bytes, entry: int) -> bool:
        """Whether there is an item behind an entry; entries count from 1."""
        self._drop_expired(queue_id)
        row = self._database.one(
            "SELECT 1 FROM queue_items WHERE queue_id = ? AND partition = ? AND entry > ? LIMIT 1",
            queue_id,
            partition,
            entry,
        )
        return row is not None

    def count(self, queue_id: str, partition: bytes | None) -> int:
        """How many items are in a partition; None: in all."""
        self._drop_expired(queue_id)
        if partition is None:
            query = "SELECT COUNT(*) FROM queue_items WHERE queue_id = ?"
            return int(self._database.value(query, queue_id))
        query = "SELECT COUNT(*) FROM queue_items WHERE queue_id = ? AND partition = ?"
        return int(self._database.value(query, queue_id, partition))

    def partitions(self, queue_id: str) -> int:
        """How many partitions hold items."""
        self._drop_expired(queue_id)
        query = "SELECT COUNT(DISTINCT partition) FROM queue_items WHERE queue_id = ?"
        return int(self._database.value(query, queue_id))

    def clear(self, queue_id: str, partition: bytes | None) -> None:
        """Empty a partition; None: all of them."""
        if partition is None:
            self._database.run("DELETE FROM queue_partitions WHERE queue_id = ?", queue_id)
        else:
            self._database.run(
                "DELETE FROM queue_partitions WHERE queue_id = ? AND partition = ?",
                queue_id,
                partition,
            )

    def _page(self, queue_id: str, partition: bytes, entry: int, count: int) -> list[Item]:
        """In order, as much as one answer carries; at least one when there is one."""
        rows = self._database.rows(
            "SELECT entry, value FROM queue_items WHERE queue_id = ? AND partition = ?"
            " AND entry > ? ORDER BY entry LIMIT ?",
            queue_id,
            partition,
            entry,
            count,
        )
        found: list[Item] = []
        size = 0
        for row in rows:
            size += len(row["value"])
            if found and size > _LARGEST_PAGE:
                break
            found.append(Item(row["entry"], bytes(row["value"])))
        return found

    def _check_room(self, queue_id: str, partition: bytes) -> None:
        row = self._database.one(
            "SELECT COUNT(*) AS items, SUM(LENGTH(value)) AS size FROM queue_items"
            " WHERE queue_id = ? AND partition = ?",
            queue_id,
            partition,
        )
        if row is not None and (
            row["items"] > MOST_ITEMS or (row["size"] or 0) > LARGEST_PARTITION
        ):
            raise NoRoom("The partition of the queue is full: 5,000 items, or 64 MiB.")
        query = "SELECT COUNT(*) FROM queue_partitions WHERE queue_id = ?"
        if int(self._database.value(query, queue_id)) > MOST_PARTITIONS:
            raise NoRoom("The queue is full: 100,000 partitions.")

    def _drop_expired(self, queue_id: str) -> None:
        self._database.run(
            "DELETE FROM queue_partitions WHERE queue_id = ? AND expires_at < ?",
            queue_id,
            time.time(),
        )


def _check(partition: bytes, values: Sequence[bytes], ttl_s: int) -> None:
    if len(partition) > LARGEST_KEY:
        raise Invalid(f"The key of a partition can have {LARGEST_KEY} bytes, not {len(partition)}.")
    if ttl_s <= 0:
        raise Invalid(f"The partition_ttl of a queue is a number of seconds above 0, not {ttl_s}.")
    for value in values:
        if len(value) > LARGEST_ITEM:
            raise Invalid(f"An item of a queue can have 1 MiB, not {len(value)} bytes.")
