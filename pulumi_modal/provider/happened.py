"""What happened behind Pulumi's back: what, by whom and when, as far as Modal tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pulumi.dynamic import ReadResult

_ABSENT: Final = (None, "", 0)
_ASIDES: Final = ("commit", "client_version", "tag")


def happened(
    what: str,
    *,
    declared: Any = None,
    found: Any = None,
    by: str = "",
    at: datetime | None = None,
    **more: str,
) -> dict[str, Any]:
    """As a property that a preview shows; what is not known is left out."""
    told = {"what": what, "declared": declared, "found": found, "by": by, "at": as_text(at), **more}
    return {name: value for name, value in told.items() if value not in _ABSENT}


def as_text(at: datetime | None) -> str:
    """A moment, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def circumstances(told: Mapping[str, Any]) -> str:
    """`rolled back to version 1 by alice on 2026-11-24T12:30:00Z, commit 4c6714e`."""
    by = f" by {told['by']}" if told.get("by") else ""
    at = f" on {told['at']}" if told.get("at") else ""
    more = [f", {name.replace('_', ' ')} {told[name]}" for name in _ASIDES if told.get(name)]
    return f"{told['what']}{by}{at}{''.join(more)}"


def sentence(told: Mapping[str, Any]) -> str:
    """The same, with what is there instead."""
    return f"{circumstances(told)}{_instead(told)}"


def _instead(told: Mapping[str, Any]) -> str:
    if not told.get("found"):
        return ""
    was = f", where this stack left {told['declared']}" if told.get("declared") else ""
    return f": it is {told['found']}{was}"


class Gone(ReadResult):
    """What reading a resource finds that is not there any more, and how it went."""

    told: Mapping[str, Any]

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(None, {})
        self.told = told
