"""Proxy tokens: credentials for web endpoints with `requires_proxy_auth`."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from modal_local.errors import NotFound
from modal_local.store.database import Database
from modal_local.store.identity import new_id


@dataclass(frozen=True, slots=True)
class ProxyToken:
    """One token; of its secret only a digest is kept."""

    token_id: str
    name: str
    created_at: float


class ProxyTokens:
    """All proxy tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str) -> tuple[str, str]:
        """A new id and secret; the secret is shown this once."""
        token_id, secret = new_id("wk"), f"ws-{secrets.token_urlsafe(24)}"
        self._database.run(
            "INSERT INTO proxy_tokens VALUES (?, ?, ?, ?)",
            token_id,
            _digest(secret),
            name,
            time.time(),
        )
        return token_id, secret

    def accepts(self, token_id: str, secret: str) -> bool:
        """Whether these are valid credentials."""
        known = self._database.value(
            "SELECT secret_digest FROM proxy_tokens WHERE token_id = ?", token_id
        )
        return hmac.compare_digest(str(known or ""), _digest(secret))

    def all(self) -> list[ProxyToken]:
        """Newest first."""
        rows = self._database.rows("SELECT * FROM proxy_tokens ORDER BY created_at DESC")
        return [ProxyToken(row["token_id"], row["name"], row["created_at"]) for row in rows]

    def delete(self, token_id: str) -> None:
        """Raises NotFound."""
        if not self._database.run("DELETE FROM proxy_tokens WHERE token_id = ?", token_id):
            raise NotFound(f"Proxy token {token_id} does not exist.")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
