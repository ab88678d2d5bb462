"""Deployments: the numbered versions of an app. To publish one is a single transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from modal_proto import api_pb2

from modal_local.errors import Conflict, NotFound
from modal_local.settings import WORKSPACE
from modal_local.store.apps import AppRecord, Apps
from modal_local.store.database import Database
from modal_local.store.functions import Functions


@dataclass(frozen=True)
class Deployment:
    """One version of an app."""

    app_id: str
    version: int
    deployed_at: float
    deployed_by: str
    tag: str
    client_version: str
    rollback_version: int
    """The version whose definitions it repeats; 0 for one of its own."""
    is_staged: bool
    commit_info: api_pb2.CommitInfo
    layout: api_pb2.AppLayout

    @cached_property
    def definitions(self) -> Mapping[str, str]:
        """Function id -> definition id."""
        return layout_definitions(self.layout)


@dataclass(frozen=True, slots=True)
class Release:
    """What is to become the next version."""

    layout: api_pb2.AppLayout
    name: str = ""
    """Deployed apps have one; apps of `modal run` have none."""
    tag: str = ""
    client_version: str = ""
    rollback_version: int = 0
    is_staged: bool = False
    deployed_by: str = WORKSPACE
    commit_info: api_pb2.CommitInfo = field(default_factory=api_pb2.CommitInfo)


class Deployments:
    """The history of every app."""

    def __init__(self, database: Database, apps: Apps, functions: Functions) -> None:
        self._database = database
        self._apps = apps
        self._functions = functions

    def publish(self, app_id: str, release: Release) -> Deployment:
        """Make the next version. Raises NotFound, Conflict, Invalid."""
        with self._database.transaction():
            app = self._apps.find(app_id)
            if app.is_stopped:
                raise Conflict(f"App '{app.description}' was stopped meanwhile: deploy again.")
            if release.name:
                self._apps.give_name(app_id, release.name)
            version = self._next_version(app_id)
            now = time.time()
            self._insert(app_id, version, now, release)
            if not release.is_staged:
                self._functions.drop_overrides(app_id)
                self._database.run(
                    "UPDATE apps SET version = ?, deployed_at = ? WHERE app_id = ?",
                    version,
                    now,
                    app_id,
                )
        return self.find(app_id, version)

    def find(self, app_id: str, version: int) -> Deployment:
        """Raises NotFound."""
        row = self._database.one(
            "SELECT * FROM deployments WHERE app_id = ? AND version = ?", app_id, version
        )
        if row is None:
            raise NotFound(f"App {app_id} has no version {version}.")
        return _deployment(row)

    def current(self, app: AppRecord) -> Deployment | None:
        """The version that serves; None before the first."""
        return self.find(app.app_id, app.version) if app.version else None

    def history(self, app_id: str) -> list[Deployment]:
        """All versions, newest first."""
        rows = self._database.rows(
            "SELECT * FROM deployments WHERE app_id = ? ORDER BY version DESC", app_id
        )
        return [_deployment(row) for row in rows]

    def changes(self, app: AppRecord, release: Release) -> bool:
        """Whether this release differs from what is deployed."""
        current = self.current(app)
        if current is None or app.state != api_pb2.APP_STATE_DEPLOYED or release.is_staged:
            return True
        return bool(
            dict(current.layout.function_ids) != dict(release.layout.function_ids)
            or dict(current.layout.class_ids) != dict(release.layout.class_ids)
            or current.definitions != layout_definitions(release.layout)
            or current.tag != release.tag
            or app.name != release.name
            or self._functions.has_overrides(app.app_id)
        )

    def _next_version(self, app_id: str) -> int:
        last = self._database.value("SELECT MAX(version) FROM deployments WHERE app_id = ?", app_id)
        return int(last or 0) + 1

    def _insert(self, app_id: str, version: int, now: float, release: Release) -> None:
        self._database.run(
            "INSERT INTO deployments (app_id, version, deployed_at, tag, client_version,"
            " rollback_version, is_staged, commit_info, layout, deployed_by)"
            " VALUES (?,?,?,?,?,?,?,?,?,?)",
            app_id,
            version,
            now,
            release.tag,
            release.client_version,
            release.rollback_version,
            release.is_staged,
            release.commit_info.SerializeToString(),
            release.layout.SerializeToString(),
            release.deployed_by,
        )


def layout_definitions(layout: api_pb2.AppLayout) -> dict[str, str]:
    """Function id -> definition id."""
    return {
        known.object_id: known.function_handle_metadata.definition_id
        for known in layout.objects
        if known.HasField("function_handle_metadata")
    }


def _deployment(row: sqlite3.Row) -> Deployment:
    return Deployment(
        app_id=row["app_id"],
        version=row["version"],
        deployed_at=row["deployed_at"],
        deployed_by=row["deployed_by"],
        tag=row["tag"],
        client_version=row["client_version"],
        rollback_version=row["rollback_version"],
        is_staged=bool(row["is_staged"]),
        commit_info=api_pb2.CommitInfo.FromString(row["commit_info"]),
        layout=api_pb2.AppLayout.FromString(row["layout"]),
    )
