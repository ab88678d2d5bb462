"""The one SQLite file: opened, brought to its schema, and spoken to in transactions.

All statements are short and run on the event loop's own thread; a commit survives the death of
the process (write-ahead log).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from modal_local.errors import LocalModalError
from modal_local.store.schema import STEPS, VERSION

_BUSY_S: Final = 5.0


class Database:
    """A connection, open while it is entered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._depth = 0

    def __enter__(self) -> Self:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        connection.row_factory = sqlite3.Row
        self._connection = connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        try:
            self._bring_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none; inner ones join the outer."""
        if self._depth == 0:
            self._run("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._give_up()
            raise
        self._depth -= 1
        if self._depth == 0:
            try:
                self._run("COMMIT")
            except sqlite3.Error:  # the disk is full
                self._give_up()
                raise

    def _give_up(self) -> None:
        """Undo what is begun, unless SQLite has done so itself, as it does on a full disk."""
        if self._open.in_transaction:
            self._run("ROLLBACK")

    def run(self, statement: str, *values: object) -> int:
        """Execute; how many rows it changed."""
        return self._run(statement, *values).rowcount

    def run_many(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        """Execute once for each row, in one transaction."""
        with self.transaction():
            self._open.executemany(statement, rows)

    def one(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row."""
        row: sqlite3.Row | None = self._run(query, *values).fetchone()
        return row

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """All rows."""
        return self._run(query, *values).fetchall()

    def value(self, query: str, *values: object) -> Any:
        """The first column of the first row."""
        row = self.one(query, *values)
        return None if row is None else row[0]

    def size(self) -> int:
        """How large the whole state is, in bytes."""
        return int(self.value("PRAGMA page_count")) * int(self.value("PRAGMA page_size"))

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LocalModalError("the state of the local Modal is closed")
        return self._connection

    def _run(self, statement: str, *values: object) -> sqlite3.Cursor:
        return self._open.execute(statement, values)

    def _bring_up(self) -> None:
        found = int(self.value("PRAGMA user_version"))
        if found > VERSION:
            raise LocalModalError(
                f"{self._path} was written by a newer local Modal (state {found}, this one reads "
                f"up to {VERSION}): use that one, move the file away, or reset"
            )
        if found == VERSION:
            return
        with self.transaction():
            for step in STEPS[found:]:
                for statement in step.split(";\n"):
                    if statement.strip():
                        self._run(statement)
            self._run(f"PRAGMA user_version = {VERSION}")
