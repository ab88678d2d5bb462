"""Secrets: variables for containers. Values are kept here and given to containers alone."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from modal_local.errors import AlreadyExists, Invalid, NotFound
from modal_local.settings import WORKSPACE
from modal_local.store.database import Database
from modal_local.store.environments import Environment
from modal_local.store.identity import check_object_name, new_id


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret; its variables are not shown."""

    secret_id: str
    name: str
    environment: str
    created_at: float
    created_by: str
    last_used_at: float
    variables: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose a new secret is, and how it is found again."""

    environment_id: str
    name: str | None = None
    app_id: str | None = None
    digest: str = ""
    created_by: str = WORKSPACE


_SELECT = (
    "SELECT secrets.*, environments.name AS environment FROM secrets "
    "JOIN environments USING (environment_id)"
)


class Secrets:
    """Named secrets of environments, and nameless ones of apps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def named(self, environment: Environment, name: str) -> Secret:
        """Raises NotFound."""
        row = self._database.one(
            f"{_SELECT} WHERE environment_id = ? AND secrets.name = ?",
            environment.environment_id,
            name,
        )
        if row is None:
            raise NotFound(f"Secret '{name}' not found in environment '{environment.name}'.")
        return _secret(row)

    def find(self, secret_id: str) -> Secret:
        """Raises NotFound."""
        row = self._database.one(f"{_SELECT} WHERE secret_id = ?", secret_id)
        if row is None:
            raise NotFound(f"Secret {secret_id} does not exist.")
        return _secret(row)

    def of_environment(self, environment: Environment) -> list[Secret]:
        """Named secrets, newest first."""
        rows = self._database.rows(
            f"{_SELECT} WHERE environment_id = ? AND secrets.name IS NOT NULL"
            " ORDER BY secrets.created_at DESC",
            environment.environment_id,
        )
        return [_secret(row) for row in rows]

    def create(
        self,
        environment: Environment,
        name: str,
        variables: Mapping[str, str],
        *,
        created_by: str = WORKSPACE,
        overwrite: bool = False,
    ) -> Secret:
        """Raises Invalid, AlreadyExists."""
        check_object_name(name, "Secret")
        _check_variables(variables)
        try:
            owner = _Owner(environment.environment_id, name=name, created_by=created_by)
            self._insert(owner, variables)
        except sqlite3.IntegrityError as error:
            if not overwrite:
                raise AlreadyExists(
                    f"Secret '{name}' already exists in environment '{environment.name}'."
                ) from error
            found = self.named(environment, name)
            self._replace(found.secret_id, variables)
        return self.named(environment, name)

    def of_app(self, app_id: str, environment_id: str, variables: Mapping[str, str]) -> Secret:
        """A nameless secret of an app; the same variables again have the same id."""
        _check_variables(variables)
        text = json.dumps(dict(sorted(variables.items())))
        digest = hashlib.sha256(f"{app_id}\0{text}".encode()).hexdigest()
        query = "SELECT secret_id FROM secrets WHERE app_id = ? AND digest = ?"
        secret_id = self._database.value(query, app_id, digest)
        if secret_id is None:
            secret_id = self._insert(
                _Owner(environment_id, app_id=app_id, digest=digest), variables
            )
        return self.find(str(secret_id))

    def ephemeral(self, environment_id: str, variables: Mapping[str, str]) -> Secret:
        """A nameless secret that no app owns."""
        _check_variables(variables)
        return self.find(self._insert(_Owner(environment_id), variables))

    def update(self, secret_id: str, changes: Mapping[str, str | None]) -> None:
        """Set some variables; None removes one. Raises NotFound, Invalid."""
        variables = dict(self.find(secret_id).variables)
        for key, value in changes.items():
            if value is None:
                variables.pop(key, None)
            else:
                variables[key] = value
        _check_variables(variables)
        self._replace(secret_id, variables)

    def delete(self, secret_id: str) -> None:
        """Raises NotFound."""
        if not self._database.run("DELETE FROM secrets WHERE secret_id = ?", secret_id):
            raise NotFound(f"Secret {secret_id} does not exist.")

    def touch(self, secret_id: str) -> None:
        """A container has been given this secret."""
        self._database.run(
            "UPDATE secrets SET last_used_at = ? WHERE secret_id = ?", time.time(), secret_id
        )

    def _insert(self, owner: _Owner, variables: Mapping[str, str]) -> str:
        secret_id = new_id("st")
        self._database.run(
            "INSERT INTO secrets (secret_id, environment_id, app_id, name, digest, variables,"
            " created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            secret_id,
            owner.environment_id,
            owner.app_id,
            owner.name,
            owner.digest,
            json.dumps(dict(variables)),
            time.time(),
            owner.created_by,
        )
        return secret_id

    def _replace(self, secret_id: str, variables: Mapping[str, str]) -> None:
        self._database.run(
            "UPDATE secrets SET variables = ? WHERE secret_id = ?",
            json.dumps(dict(variables)),
            secret_id,
        )


def _check_variables(variables: Mapping[str, str]) -> None:
    for key, value in variables.items():
        if not key or "=" in key or "\0" in key or "\0" in value:
            raise Invalid(f'Secret key "{key}" cannot be the name of a variable.')


def _secret(row: sqlite3.Row) -> Secret:
    return Secret(
        secret_id=row["secret_id"],
        name=row["name"] or "",
        environment=row["environment"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        last_used_at=row["last_used_at"],
        variables=json.loads(row["variables"]),
    )
