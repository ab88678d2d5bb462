"""An object that somebody has deleted and made anew under its name: another one, not this stack's.

Objects are found by their names, so only Modal's id tells the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from pulumi_modal.provider.happened import Gone, circumstances, happened
from pulumi_modal.provider.operation import current


class Made(Protocol):
    """What Modal tells of how an object was made."""

    @property
    def created_at(self) -> str:
        """When, as ISO 8601; empty where Modal tells none."""

    @property
    def created_by(self) -> str:
        """By whom; empty where Modal tells none."""


def read_anew(what: str, found: Made) -> Gone:
    """What a read answers, with a warning: gone; `what` is as `volume dev/models`."""
    current().warn(f"{what}: {words_of(found)}; that one is not this stack's")
    return Gone(_told(found))


def leave_anew(what: str, found: Made) -> None:
    """What a delete does: nothing, with a warning."""
    current().warn(f"{what}: left as it is, for it was {words_of(found)}")


def words_of(found: Made) -> str:
    """`deleted, and made anew by ann on 2026-11-24T12:30:00Z`."""
    return circumstances(_told(found))


def _told(found: Made) -> Mapping[str, Any]:
    at = datetime.fromisoformat(found.created_at) if found.created_at else None
    return happened("deleted, and made anew", by=found.created_by, at=at)
