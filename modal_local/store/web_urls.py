"""Web URLs: one port for each label of an environment, kept for as long as the state lives.

The port is chosen by the web suffix of the environment and the label, as Modal makes a host name
of them: another suffix, another URL; the old suffix again, the old URL again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from modal_local.errors import Conflict
from modal_local.store.database import Database

FIRST_PORT: Final = 20_000
LAST_PORT: Final = 29_999


@dataclass(frozen=True, slots=True)
class WebUrl:
    """A label with its port, and the function that answers there."""

    environment_id: str
    label: str
    port: int
    app_id: str
    """Empty while nothing is deployed under this label."""
    function_id: str
    method: str
    requires_proxy_auth: bool
    app_name: str = ""
    environment: str = ""

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


class WebUrls:
    """All labels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(
        self, environment_id: str, web_suffix: str, label: str, is_usable: Callable[[int], bool]
    ) -> WebUrl:
        """The URL of a label; its port is chosen once. Raises Conflict when none is left."""
        with self._database.transaction():
            known = self.find(environment_id, label)
            if known is not None and (known.app_id or is_usable(known.port)):
                return known
            if known is not None:  # another program took the port while nothing was deployed
                self._database.run("DELETE FROM web_urls WHERE port = ?", known.port)
            port = self._free_port(web_suffix, label, is_usable)
            self._database.run(
                "INSERT INTO web_urls (environment_id, label, port) VALUES (?, ?, ?)",
                environment_id,
                label,
                port,
            )
        return WebUrl(environment_id, label, port, "", "", "", requires_proxy_auth=False)

    def find(self, environment_id: str, label: str) -> WebUrl | None:
        """A label that was used before."""
        row = self._database.one(
            "SELECT * FROM web_urls WHERE environment_id = ? AND label = ?", environment_id, label
        )
        return None if row is None else _web_url(row)

    def move(
        self, environment_id: str, web_suffix: str, is_usable: Callable[[int], bool]
    ) -> dict[str, str]:
        """Give the labels of an environment the ports of another suffix: old URL -> new URL."""
        moved = {}
        with self._database.transaction():
            rows = self._database.rows(
                "SELECT * FROM web_urls WHERE environment_id = ?", environment_id
            )
            for known in (_web_url(row) for row in rows):
                port = self._free_port(web_suffix, known.label, is_usable)
                self._database.run(
                    "UPDATE web_urls SET port = ? WHERE environment_id = ? AND label = ?",
                    port,
                    environment_id,
                    known.label,
                )
                moved[known.url] = replace(known, port=port).url
        return moved

    def assign(self, app_id: str, urls: list[WebUrl]) -> None:
        """From now on these labels, and no others, are the app's."""
        with self._database.transaction():
            self.release(app_id)
            for url in urls:
                self._database.run(
                    "UPDATE web_urls SET app_id = ?, function_id = ?, method = ?,"
                    " requires_proxy_auth = ? WHERE environment_id = ? AND label = ?",
                    app_id,
                    url.function_id,
                    url.method,
                    url.requires_proxy_auth,
                    url.environment_id,
                    url.label,
                )

    def release(self, app_id: str) -> None:
        """The app answers nowhere; its labels keep their ports."""
        self._database.run("UPDATE web_urls SET app_id = NULL WHERE app_id = ?", app_id)

    def assigned(self) -> list[WebUrl]:
        """Labels behind which a function is."""
        rows = self._database.rows(
            "SELECT web_urls.*, apps.description AS app_name, environments.name AS environment"
            " FROM web_urls JOIN apps USING (app_id)"
            " JOIN environments ON environments.environment_id = web_urls.environment_id"
            " ORDER BY port"
        )
        return [
            replace(_web_url(row), app_name=row["app_name"], environment=row["environment"])
            for row in rows
        ]

    def _free_port(self, web_suffix: str, label: str, is_usable: Callable[[int], bool]) -> int:
        taken = {row["port"] for row in self._database.rows("SELECT port FROM web_urls")}
        for port in port_candidates(web_suffix, label):
            if port not in taken and is_usable(port):
                return port
        raise Conflict(f"no port between {FIRST_PORT} and {LAST_PORT} is free for {label}")


def port_candidates(web_suffix: str, label: str) -> list[int]:
    """All ports, the label's own first: the same after a reset."""
    digest = hashlib.sha256(f"{web_suffix}/{label}".encode()).digest()
    size = LAST_PORT - FIRST_PORT + 1
    start = int.from_bytes(digest[:8]) % size
    return [FIRST_PORT + (start + step) % size for step in range(size)]


def _web_url(row: sqlite3.Row) -> WebUrl:
    return WebUrl(
        environment_id=row["environment_id"],
        label=row["label"],
        port=row["port"],
        app_id=row["app_id"] or "",
        function_id=row["function_id"],
        method=row["method"],
        requires_proxy_auth=bool(row["requires_proxy_auth"]),
    )
