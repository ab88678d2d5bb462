"""Functions of apps: identities, definitions (each deploy may add one), and bound variants.

A definition serves nobody until a deployment names it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from dataclasses import dataclass

from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.store.database import Database
from modal_local.store.identity import new_id


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """A function as callers know it, whatever its definition."""

    function_id: str
    app_id: str
    metadata: api_pb2.FunctionHandleMetadata


@dataclass(frozen=True, slots=True)
class Definition:
    """What one deploy said about a function."""

    definition_id: str
    function_id: str
    data: api_pb2.FunctionData
    metadata: api_pb2.FunctionHandleMetadata

    @property
    def function(self) -> api_pb2.Function:
        """The definition that containers run: the first choice of hardware."""
        return self.data.ranked_functions[0].function


@dataclass(frozen=True, slots=True)
class Bound:
    """A function with parameters or options: a pool of its own."""

    bound_id: str
    function_id: str
    request: api_pb2.FunctionBindParamsRequest


class Functions:
    """Functions, definitions and bound functions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self, function_id: str, app_id: str, metadata: api_pb2.FunctionHandleMetadata
    ) -> FunctionRecord:
        """Make a function, or change what is known of it; an empty id makes one."""
        function_id = function_id or new_id("fu")
        self._database.run(
            "INSERT INTO functions (function_id, app_id, metadata, created_at)"
            " VALUES (?, ?, ?, ?)"
            " ON CONFLICT (function_id) DO UPDATE SET metadata = excluded.metadata",
            function_id,
            app_id,
            metadata.SerializeToString(),
            time.time(),
        )
        return FunctionRecord(function_id, app_id, metadata)

    def find(self, function_id: str) -> FunctionRecord:
        """Raises NotFound."""
        row = self._database.one("SELECT * FROM functions WHERE function_id = ?", function_id)
        if row is None:
            raise NotFound(f"Function {function_id} does not exist.")
        return FunctionRecord(
            row["function_id"],
            row["app_id"],
            api_pb2.FunctionHandleMetadata.FromString(row["metadata"]),
        )

    def define(
        self,
        function_id: str,
        data: api_pb2.FunctionData,
        metadata: api_pb2.FunctionHandleMetadata,
    ) -> Definition:
        """Keep a definition; the same one again has the same id."""
        digest = definition_digest(data, metadata)
        row = self._database.one(
            "SELECT * FROM definitions WHERE function_id = ? AND digest = ?", function_id, digest
        )
        if row is not None:
            return _definition(row)
        definition_id = new_id("de")
        self._database.run(
            "INSERT INTO definitions VALUES (?, ?, ?, ?, ?)",
            definition_id,
            function_id,
            digest,
            data.SerializeToString(),
            _with_id(metadata, definition_id),
        )
        return self.definition(definition_id)

    def definition(self, definition_id: str) -> Definition:
        """Raises NotFound."""
        row = self._database.one("SELECT * FROM definitions WHERE definition_id = ?", definition_id)
        if row is None:
            raise NotFound(f"Definition {definition_id} does not exist.")
        return _definition(row)

    def bind(self, request: api_pb2.FunctionBindParamsRequest) -> Bound:
        """The variant with these parameters and options; the same ones, the same id."""
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
        row = self._database.one(
            "SELECT * FROM bound_functions WHERE function_id = ? AND digest = ?",
            request.function_id,
            digest,
        )
        if row is None:
            self._database.run(
                "INSERT INTO bound_functions VALUES (?, ?, ?, ?, ?)",
                new_id("fu"),
                request.function_id,
                digest,
                request.SerializeToString(),
                time.time(),
            )
            return self.bind(request)
        return _bound(row)

    def bound(self, bound_id: str) -> Bound | None:
        """A bound function; None for any other id."""
        row = self._database.one("SELECT * FROM bound_functions WHERE bound_id = ?", bound_id)
        return None if row is None else _bound(row)

    def bound_of(self, function_id: str) -> list[Bound]:
        """Variants of a function, newest first."""
        rows = self._database.rows(
            "SELECT * FROM bound_functions WHERE function_id = ? ORDER BY created_at DESC",
            function_id,
        )
        return [_bound(row) for row in rows]

    def make_class(self, app_id: str, class_id: str) -> str:
        """The id of a class of an app; an empty one makes one. Raises NotFound."""
        if not class_id:
            class_id = new_id("cs")
            self._database.run("INSERT INTO classes VALUES (?, ?)", class_id, app_id)
        elif self.class_app(class_id) != app_id:
            raise NotFound(f"Class {class_id} is not of app {app_id}.")
        return class_id

    def class_app(self, class_id: str) -> str:
        """The app of a class. Raises NotFound."""
        app_id = self._database.value("SELECT app_id FROM classes WHERE class_id = ?", class_id)
        if app_id is None:
            raise NotFound(f"Class {class_id} does not exist.")
        return str(app_id)

    def override(self, function_id: str) -> api_pb2.AutoscalerSettings:
        """Bounds set by a caller since the last deploy; empty without any."""
        found = self._database.value(
            "SELECT settings FROM autoscaler_overrides WHERE function_id = ?", function_id
        )
        return api_pb2.AutoscalerSettings.FromString(found or b"")

    def set_override(
        self, function_id: str, app_id: str, settings: api_pb2.AutoscalerSettings
    ) -> None:
        """Set the given bounds; the others keep what they have."""
        merged = self.override(function_id)
        merged.MergeFrom(settings)
        self._database.run(
            "INSERT OR REPLACE INTO autoscaler_overrides VALUES (?, ?, ?)",
            function_id,
            app_id,
            merged.SerializeToString(),
        )

    def has_overrides(self, app_id: str) -> bool:
        """Whether callers have set bounds of an app's functions since its last deploy."""
        query = "SELECT 1 FROM autoscaler_overrides WHERE app_id = ?"
        return self._database.one(query, app_id) is not None

    def drop_overrides(self, app_id: str) -> None:
        """A deploy brings back the bounds in the code."""
        self._database.run("DELETE FROM autoscaler_overrides WHERE app_id = ?", app_id)


def definition_digest(data: api_pb2.FunctionData, metadata: api_pb2.FunctionHandleMetadata) -> str:
    """Names a definition by its content; the order of mounts says nothing."""
    plain = api_pb2.FunctionData()
    plain.CopyFrom(data)
    for ranked in plain.ranked_functions:
        mount_ids = sorted(ranked.function.mount_ids)
        del ranked.function.mount_ids[:]
        ranked.function.mount_ids.extend(mount_ids)
    digest = hashlib.sha256(plain.SerializeToString(deterministic=True))
    digest.update(metadata.SerializeToString(deterministic=True))
    return digest.hexdigest()


def _with_id(metadata: api_pb2.FunctionHandleMetadata, definition_id: str) -> bytes:
    known = api_pb2.FunctionHandleMetadata()
    known.CopyFrom(metadata)
    known.definition_id = definition_id
    return known.SerializeToString(deterministic=True)


def _definition(row: sqlite3.Row) -> Definition:
    return Definition(
        definition_id=row["definition_id"],
        function_id=row["function_id"],
        data=api_pb2.FunctionData.FromString(row["data"]),
        metadata=api_pb2.FunctionHandleMetadata.FromString(row["metadata"]),
    )


def _bound(row: sqlite3.Row) -> Bound:
    request = api_pb2.FunctionBindParamsRequest.FromString(row["request"])
    return Bound(row["bound_id"], row["function_id"], request)
