"""Apps: what they are called, which state they are in, which version serves."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from modal_proto import api_pb2

from modal_local.errors import AlreadyExists, NotFound
from modal_local.settings import WORKSPACE
from modal_local.store.database import Database
from modal_local.store.identity import check_object_name, check_tag, new_id

SERVING: Final = frozenset(
    {
        api_pb2.APP_STATE_DEPLOYED,
        api_pb2.APP_STATE_EPHEMERAL,
        api_pb2.APP_STATE_DETACHED,
        api_pb2.APP_STATE_DETACHED_DISCONNECTED,
    }
)
"""States in which an app takes calls."""
STOPPED_SHOWN_S: Final = 24 * 3600.0
"""How long lists show an app after its end."""


@dataclass(frozen=True, slots=True)
class AppRecord:
    """One app."""

    app_id: str
    environment_id: str
    environment: str
    name: str
    """Empty unless it was deployed."""
    description: str
    state: api_pb2.AppState.ValueType
    version: int
    """0 before the first deployment."""
    tags: Mapping[str, str]
    created_at: float
    created_by: str
    deployed_at: float
    deployed_by: str
    """Empty before the first deployment."""
    stopped_at: float
    stopped_by: str

    @property
    def is_serving(self) -> bool:
        """Whether it takes calls."""
        return self.state in SERVING

    @property
    def is_stopped(self) -> bool:
        """Whether it is over, or about to be."""
        return self.state in {api_pb2.APP_STATE_STOPPING, api_pb2.APP_STATE_STOPPED}


_SELECT: Final = (
    "SELECT apps.*, environments.name AS environment, deployments.deployed_by FROM apps"
    " JOIN environments USING (environment_id)"
    " LEFT JOIN deployments USING (app_id, version)"
)


class Apps:
    """All apps, those that were stopped included."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        environment_id: str,
        description: str,
        state: api_pb2.AppState.ValueType,
        tags: Mapping[str, str],
        created_by: str = WORKSPACE,
    ) -> AppRecord:
        """An app without functions. Raises Invalid."""
        for key, value in tags.items():
            check_tag(key, "Tag")
            check_tag(value, "Tag")
        app_id = new_id("ap")
        self._database.run(
            "INSERT INTO apps (app_id, environment_id, description, state, tags, created_at,"
            " created_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
            app_id,
            environment_id,
            description,
            state,
            json.dumps(dict(tags)),
            time.time(),
            created_by,
        )
        return self.find(app_id)

    def find(self, app_id: str) -> AppRecord:
        """Raises NotFound."""
        row = self._database.one(f"{_SELECT} WHERE app_id = ?", app_id)
        if row is None:
            raise NotFound(f"App {app_id} does not exist.")
        return _app(row)

    def name_behind(self, object_id: str) -> str:
        """What the app is called that this is the id of, or of a function of; empty for others."""
        if not object_id.startswith(("ap-", "fu-")):
            return ""
        known = self._database.value(
            "SELECT COALESCE(name, description) FROM apps WHERE app_id = ?"
            " OR app_id = (SELECT app_id FROM functions WHERE function_id = ?)",
            object_id,
            object_id,
        )
        return str(known or "")

    def deployed(self, environment_id: str, name: str) -> AppRecord | None:
        """The deployed app of this name."""
        row = self._database.one(
            f"{_SELECT} WHERE environment_id = ? AND apps.name = ? AND state = ?",
            environment_id,
            name,
            api_pb2.APP_STATE_DEPLOYED,
        )
        return None if row is None else _app(row)

    def last_stopped(self, environment_id: str, name: str) -> AppRecord | None:
        """The app that had this name last."""
        row = self._database.one(
            f"{_SELECT} WHERE environment_id = ? AND apps.name = ? AND state IN (?, ?)"
            " ORDER BY stopped_at DESC LIMIT 1",
            environment_id,
            name,
            api_pb2.APP_STATE_STOPPING,
            api_pb2.APP_STATE_STOPPED,
        )
        return None if row is None else _app(row)

    def of_environment(self, environment_id: str) -> list[AppRecord]:
        """All apps in an environment, newest first."""
        rows = self._database.rows(
            f"{_SELECT} WHERE environment_id = ? ORDER BY created_at DESC", environment_id
        )
        return [_app(row) for row in rows]

    def all(self) -> list[AppRecord]:
        """All apps, newest first."""
        return [_app(row) for row in self._database.rows(f"{_SELECT} ORDER BY created_at DESC")]

    def give_name(self, app_id: str, name: str) -> None:
        """The name under which it is deployed from now on. Raises Invalid, AlreadyExists."""
        check_object_name(name, "App")
        app = self.find(app_id)
        other = self.deployed(app.environment_id, name)
        if other is not None and other.app_id != app_id:
            raise AlreadyExists(
                f"App '{name}' was deployed to '{app.environment}' by somebody else at the same "
                "time: deploy again."
            )
        self._database.run(
            "UPDATE apps SET name = ?, description = ?, state = ? WHERE app_id = ?",
            name,
            name,
            api_pb2.APP_STATE_DEPLOYED,
            app_id,
        )

    def set_state(self, app_id: str, state: api_pb2.AppState.ValueType) -> None:
        """Move it to another state that is not the end."""
        self._database.run("UPDATE apps SET state = ? WHERE app_id = ?", state, app_id)

    def begin_stop(self, app_id: str, stopped_by: str) -> None:
        """From now on it takes no calls. Repeats safely."""
        self._database.run(
            "UPDATE apps SET state = ?, stopped_at = ?, stopped_by = ?"
            " WHERE app_id = ? AND state NOT IN (?, ?)",
            api_pb2.APP_STATE_STOPPING,
            time.time(),
            stopped_by,
            app_id,
            api_pb2.APP_STATE_STOPPING,
            api_pb2.APP_STATE_STOPPED,
        )

    def end_stops(self) -> None:
        """What a killed server was stopping is over."""
        self._database.run(
            "UPDATE apps SET state = ? WHERE state = ?",
            api_pb2.APP_STATE_STOPPED,
            api_pb2.APP_STATE_STOPPING,
        )

    def set_tags(self, app_id: str, tags: Mapping[str, str]) -> None:
        """Replace its tags. Raises Invalid."""
        for key, value in tags.items():
            check_tag(key, "Tag")
            check_tag(value, "Tag")
        text = json.dumps(dict(tags), sort_keys=True)
        self._database.run("UPDATE apps SET tags = ? WHERE app_id = ?", text, app_id)


def _app(row: sqlite3.Row) -> AppRecord:
    return AppRecord(
        app_id=row["app_id"],
        environment_id=row["environment_id"],
        environment=row["environment"],
        name=row["name"] or "",
        description=row["description"],
        state=row["state"],
        version=row["version"],
        tags=json.loads(row["tags"]),
        created_at=row["created_at"],
        created_by=row["created_by"],
        deployed_at=row["deployed_at"],
        deployed_by=row["deployed_by"] or "",
        stopped_at=row["stopped_at"],
        stopped_by=row["stopped_by"],
    )
