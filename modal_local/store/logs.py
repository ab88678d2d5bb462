"""Logs of containers: a table that is written in batches, trimmed, and followed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from modal_local.bell import Bell
from modal_local.store.database import Database

log = logging.getLogger(__name__)
KEPT_LINES: Final = 200_000
_FLUSH_AFTER_S: Final = 0.2
_FLUSH_LINES: Final = 500
_KEPT_UNWRITTEN: Final = 20_000
"""Lines in memory at most, while the disk is full."""
_TRY_AGAIN_S: Final = 2.0
_TRIM_EVERY: Final = 5_000
_INSERT: Final = (
    "INSERT INTO logs (app_id, function_id, task_id, descriptor, timestamp, text)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_VARIANTS: Final = "SELECT bound_id FROM bound_functions WHERE bound_functions.function_id = ?"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line."""

    entry: int
    app_id: str
    function_id: str
    task_id: str
    descriptor: int
    timestamp: float
    text: str


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines of an app are asked for; empty fields do not select."""

    app_id: str
    function_id: str = ""
    """With its variants, of parameters or options."""
    task_id: str = ""
    descriptor: int = 0
    search: str = ""
    since: float = 0.0
    until: float = 0.0
    after: int = 0
    """Only entries after this one."""

    def where(self) -> tuple[str, list[object]]:
        """The condition in SQL."""
        conditions: list[str] = ["app_id = ?"]
        values: list[object] = [self.app_id]
        if self.function_id:
            conditions.append(f"(function_id = ? OR function_id IN ({_VARIANTS}))")
            values += [self.function_id, self.function_id]
        for column, wanted in (
            ("task_id = ?", self.task_id),
            ("descriptor = ?", self.descriptor),
            ("instr(text, ?) > 0", self.search),
            ("timestamp >= ?", self.since),
            ("timestamp < ?", self.until),
            ("entry > ?", self.after),
        ):
            if wanted:
                conditions.append(column)
                values.append(wanted)
        return " AND ".join(conditions), values


class Logs:
    """Every line that containers print."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unwritten: list[tuple[object, ...]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._written = 0
        self._bell = Bell()
        self.changes = 0
        """Grows with whatever those who follow should look at."""

    def append(
        self, app_id: str, *, function_id: str, task_id: str, descriptor: int, text: str
    ) -> None:
        """Keep one line; those who follow see it shortly after."""
        self._unwritten.append((app_id, function_id, task_id, descriptor, time.time(), text))
        if len(self._unwritten) == _FLUSH_LINES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_FLUSH_AFTER_S, self.flush)

    def flush(self) -> None:
        """Write what has come in."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._unwritten = self._unwritten, []
        if not lines:
            return
        try:
            self._database.run_many(_INSERT, lines)
        except sqlite3.OperationalError as error:  # the disk is full
            self._keep(lines, error)
            return
        self._written += len(lines)
        if self._written >= _TRIM_EVERY:
            self._written = 0
            self._database.run(
                "DELETE FROM logs WHERE entry <= (SELECT MAX(entry) FROM logs) - ?", KEPT_LINES
            )
        self.wake()

    def _keep(self, lines: list[tuple[object, ...]], error: Exception) -> None:
        """Keep lines that cannot be written now, and try again later."""
        log.warning("logs cannot be written for now: %s", error)
        self._unwritten = [*lines, *self._unwritten][-_KEPT_UNWRITTEN:]
        with contextlib.suppress(RuntimeError):  # the server ends: there is no later
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_TRY_AGAIN_S, self.flush)

    def wake(self) -> None:
        """Let those who follow look again."""
        self.changes += 1
        self._bell.ring()

    async def changed(self, *, since: int) -> None:
        """Wait for more, of any app, than there was at this number of changes."""
        await self._bell.wait_until(lambda: self.changes != since, timeout_s=None)

    def tail(self, app_id: str, *, task_id: str = "", lines: int = 20) -> Sequence[str]:
        """The last lines of an app, or of one container."""
        found = self.last(LogFilter(app_id, task_id=task_id), lines)
        return [line.text.rstrip("\n") for line in found]

    def last(self, wanted: LogFilter, limit: int) -> list[LogLine]:
        """The last lines, in order."""
        self.flush()
        where, values = wanted.where()
        rows = self._database.rows(
            f"SELECT * FROM logs WHERE {where} ORDER BY entry DESC LIMIT ?",  # noqa: S608 - own text
            *values,
            limit,
        )
        return [LogLine(*row) for row in reversed(rows)]

    def first(self, wanted: LogFilter, limit: int) -> list[LogLine]:
        """The first lines, in order."""
        self.flush()
        where, values = wanted.where()
        rows = self._database.rows(
            f"SELECT * FROM logs WHERE {where} ORDER BY entry LIMIT ?",  # noqa: S608 - own text
            *values,
            limit,
        )
        return [LogLine(*row) for row in rows]

    def app_of(self, task_id: str) -> str:
        """The app of a container that has printed something; empty without any."""
        self.flush()
        found = self._database.value(
            "SELECT app_id FROM logs WHERE task_id = ? ORDER BY entry DESC LIMIT 1", task_id
        )
        return str(found or "")

    def counts(self, wanted: LogFilter, bucket_s: int) -> list[tuple[int, int, int]]:
        """How many lines, by start of bucket and descriptor."""
        self.flush()
        where, values = wanted.where()
        rows = self._database.rows(
            "SELECT CAST(timestamp / ? AS INTEGER) * ? AS start, descriptor, COUNT(*)"  # noqa: S608 - own text
            f" FROM logs WHERE {where} GROUP BY start, descriptor ORDER BY start",
            bucket_s,
            bucket_s,
            *values,
        )
        return [(row[0], row[1], row[2]) for row in rows]
