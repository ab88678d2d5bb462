"""Service users: machines that deploy, each with a token of its own, beside the one person."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
import time
from dataclasses import dataclass
from typing import Final

from modal_local.errors import AlreadyExists, Invalid, NotFound
from modal_local.store.database import Database
from modal_local.store.identity import new_id

_NAME: Final = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
_USE_NOTED_EVERY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """One service user; of its token's secret only a digest is kept."""

    service_user_id: str
    name: str
    token_id: str
    created_at: float
    created_by: str
    last_used_at: float
    expires_at: float
    """0 for a token that never expires."""


class ServiceUsers:
    """All service users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, created_by: str, expires_in_s: int) -> tuple[ServiceUser, str]:
        """A new one and the secret of its token, shown this once. Raises Invalid, AlreadyExists."""
        if not _NAME.match(name):
            raise Invalid(
                f'Service user name "{name}" is not accepted: 1 to 64 letters, digits, "-" or "_".'
            )
        secret, now = f"as-{secrets.token_urlsafe(24)}", time.time()
        try:
            self._database.run(
                "INSERT INTO service_users (service_user_id, name, token_id, secret_digest,"
                " created_at, created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                new_id("su"),
                name,
                new_id("ak"),
                _digest(secret),
                now,
                created_by,
                now + expires_in_s if expires_in_s else 0,
            )
        except sqlite3.IntegrityError as error:
            raise AlreadyExists(f"Service user '{name}' already exists.") from error
        return self.named(name), secret

    def named(self, name: str) -> ServiceUser:
        """Raises NotFound."""
        row = self._database.one("SELECT * FROM service_users WHERE name = ?", name)
        if row is None:
            raise NotFound(f"Service user '{name}' does not exist.")
        return _service_user(row)

    def find(self, service_user_id: str) -> ServiceUser:
        """Raises NotFound."""
        row = self._database.one(
            "SELECT * FROM service_users WHERE service_user_id = ?", service_user_id
        )
        if row is None:
            raise NotFound(f"Service user {service_user_id} does not exist.")
        return _service_user(row)

    def with_token(self, token_id: str) -> ServiceUser | None:
        """Whose token this is; None when it is nobody's here."""
        row = self._database.one("SELECT * FROM service_users WHERE token_id = ?", token_id)
        return None if row is None else _service_user(row)

    def all(self) -> list[ServiceUser]:
        """By name."""
        rows = self._database.rows("SELECT * FROM service_users ORDER BY name")
        return [_service_user(row) for row in rows]

    def delete(self, service_user_id: str) -> None:
        """Remove it with its token and its roles. Raises NotFound."""
        self.find(service_user_id)
        with self._database.transaction():
            self._database.run(
                "DELETE FROM environment_roles WHERE principal_id = ?", service_user_id
            )
            self._database.run(
                "DELETE FROM service_users WHERE service_user_id = ?", service_user_id
            )

    def accepts(self, token_id: str, secret: str) -> bool:
        """Whether this is the token of a service user, and not too old."""
        row = self._database.one("SELECT * FROM service_users WHERE token_id = ?", token_id)
        known = str(row["secret_digest"]) if row is not None else ""
        if not hmac.compare_digest(known, _digest(secret)) or row is None:
            return False
        now = time.time()
        if row["expires_at"] and row["expires_at"] < now:
            return False
        if row["last_used_at"] < now - _USE_NOTED_EVERY_S:
            self._database.run(
                "UPDATE service_users SET last_used_at = ? WHERE token_id = ?", now, token_id
            )
        return True


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _service_user(row: sqlite3.Row) -> ServiceUser:
    return ServiceUser(
        service_user_id=row["service_user_id"],
        name=row["name"],
        token_id=row["token_id"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
    )
