"""Proxy tokens: credentials for web endpoints with `requires_proxy_auth`.

One opens the endpoints of every environment that is not restricted, and of those that it was
allowed in; a scoped one opens only the latter.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import time
from dataclasses import dataclass

from modal_local.errors import NotFound
from modal_local.settings import WORKSPACE
from modal_local.store.database import Database
from modal_local.store.environments import Environment
from modal_local.store.identity import new_id


@dataclass(frozen=True, slots=True)
class ProxyToken:
    """One token; of its secret only a digest is kept."""

    token_id: str
    name: str
    created_at: float
    created_by: str
    is_scoped: bool


class ProxyTokens:
    """All proxy tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, *, created_by: str = WORKSPACE, is_scoped: bool = False
    ) -> tuple[str, str]:
        """A new id and secret; the secret is shown this once."""
        token_id, secret = new_id("wk"), f"ws-{secrets.token_urlsafe(24)}"
        self._database.run(
            "INSERT INTO proxy_tokens (token_id, secret_digest, name, created_at, created_by,"
            " is_scoped) VALUES (?, ?, ?, ?, ?, ?)",
            token_id,
            _digest(secret),
            name,
            time.time(),
            created_by,
            is_scoped,
        )
        return token_id, secret

    def accepts(self, token_id: str, secret: str, environment: str) -> bool:
        """Whether these are valid credentials for the endpoints of an environment."""
        known = self._database.value(
            "SELECT secret_digest FROM proxy_tokens WHERE token_id = ?", token_id
        )
        if not hmac.compare_digest(str(known or ""), _digest(secret)):
            return False
        query = (
            "SELECT 1 FROM proxy_tokens, environments WHERE token_id = ? AND environments.name = ?"
            " AND (NOT (is_scoped OR is_restricted) OR EXISTS (SELECT 1 FROM"
            " proxy_token_environments AS allowed WHERE allowed.token_id = proxy_tokens.token_id"
            " AND allowed.environment_id = environments.environment_id))"
        )
        return self._database.one(query, token_id, environment) is not None

    def find(self, token_id: str) -> ProxyToken:
        """Raises NotFound."""
        row = self._database.one("SELECT * FROM proxy_tokens WHERE token_id = ?", token_id)
        if row is None:
            raise NotFound(f"Proxy token {token_id} does not exist.")
        return _token(row)

    def all(self) -> list[ProxyToken]:
        """Newest first."""
        rows = self._database.rows("SELECT * FROM proxy_tokens ORDER BY created_at DESC")
        return [_token(row) for row in rows]

    def of_environment(self, environment: Environment) -> list[ProxyToken]:
        """Those that were allowed in an environment, newest first."""
        rows = self._database.rows(
            "SELECT proxy_tokens.* FROM proxy_tokens JOIN proxy_token_environments USING (token_id)"
            " WHERE environment_id = ? ORDER BY created_at DESC",
            environment.environment_id,
        )
        return [_token(row) for row in rows]

    def rename(self, token_id: str, name: str) -> None:
        """Raises NotFound."""
        self.find(token_id)
        self._database.run("UPDATE proxy_tokens SET name = ? WHERE token_id = ?", name, token_id)

    def environments(self, token_id: str) -> list[str]:
        """Ids of the environments that a token was allowed in. Raises NotFound."""
        self.find(token_id)
        rows = self._database.rows(
            "SELECT environment_id FROM proxy_token_environments WHERE token_id = ?", token_id
        )
        return [row["environment_id"] for row in rows]

    def allow(self, token_id: str, environment: Environment) -> None:
        """From now on it opens the endpoints there. Repeats safely. Raises NotFound."""
        self.find(token_id)
        self._database.run(
            "INSERT OR IGNORE INTO proxy_token_environments VALUES (?, ?)",
            token_id,
            environment.environment_id,
        )

    def revoke(self, token_id: str, environment: Environment) -> None:
        """Take back what `allow` gave. Raises NotFound, also when it was not allowed there."""
        self.find(token_id)
        if not self._database.run(
            "DELETE FROM proxy_token_environments WHERE token_id = ? AND environment_id = ?",
            token_id,
            environment.environment_id,
        ):
            raise NotFound(
                f"Proxy token {token_id} was not allowed in environment '{environment.name}'."
            )

    def delete(self, token_id: str) -> None:
        """Raises NotFound."""
        self.find(token_id)
        self._database.run("DELETE FROM proxy_tokens WHERE token_id = ?", token_id)


def _token(row: sqlite3.Row) -> ProxyToken:
    return ProxyToken(
        token_id=row["token_id"],
        name=row["name"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        is_scoped=bool(row["is_scoped"]),
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
