"""Roles in environments: kept and shown; the one person of this Modal may do everything anyway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from modal_local.errors import Invalid
from modal_local.store.database import Database

CONTRIBUTOR: Final = "contributor"
VIEWER: Final = "viewer"
NO_ACCESS: Final = "no-access"
ROLES: Final = (CONTRIBUTOR, VIEWER, NO_ACCESS)


def check_role(role: str) -> None:
    """Raises Invalid for a role that there is not."""
    if role not in ROLES:
        raise Invalid(f'Role "{role}" is unknown; there are {", ".join(ROLES)}.')


class Roles:
    """The roles that were given to users and service users, by their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_environment(self, environment_id: str) -> Mapping[str, str]:
        """Role by user id or service user id."""
        rows = self._database.rows(
            "SELECT principal_id, role FROM environment_roles WHERE environment_id = ?",
            environment_id,
        )
        return {row["principal_id"]: row["role"] for row in rows}

    def of_principal(self, principal_id: str) -> Mapping[str, str]:
        """Role by the name of an environment."""
        rows = self._database.rows(
            "SELECT name, role FROM environment_roles JOIN environments USING (environment_id)"
            " WHERE principal_id = ?",
            principal_id,
        )
        return {row["name"]: row["role"] for row in rows}

    def give(self, environment_id: str, principal_id: str, role: str) -> None:
        """From now on this is the role there. Raises Invalid."""
        check_role(role)
        self._database.run(
            "INSERT OR REPLACE INTO environment_roles VALUES (?, ?, ?)",
            environment_id,
            principal_id,
            role,
        )

    def take(self, environment_id: str, principal_id: str) -> None:
        """From now on there is only the default. Repeats safely."""
        self._database.run(
            "DELETE FROM environment_roles WHERE environment_id = ? AND principal_id = ?",
            environment_id,
            principal_id,
        )
