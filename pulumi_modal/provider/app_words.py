"""Why an app failed, with the last words of its containers below it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from pulumi_modal.errors import GatewayError, ModalStackError
from pulumi_modal.gateway.port import Gateway
from pulumi_modal.source.redaction import KNOWN

_LAST_LINES: Final = 8
_CLOCKS_DIFFER: Final = timedelta(seconds=2)
"""Modal's clock may be behind ours; no line is worth losing for that."""
LEFT_OUT: Final = (
    "what its containers printed is left out: it may tell an inline secret of the file, which only"
    " a deploy gets to know (`modal app logs` shows it)"
)
"""In place of a log."""


def said(error: Exception) -> str:
    """What failed; an error that is not ours is told with its class."""
    words = str(error) if isinstance(error, ModalStackError) else " ".join(str(error).split())
    named = words if isinstance(error, ModalStackError) else f"{type(error).__name__}: {words}"
    return KNOWN.hide(named)


def reason_of(error: Exception, gateway: Gateway, app_id: str, begun: datetime) -> str:
    """What failed, and below it what the containers printed since."""
    return f"{said(error)}; {log_of(gateway, app_id, begun)}"


def log_of(gateway: Gateway, app_id: str, begun: datetime) -> str:
    """What the containers of an app printed last, each line below the other."""
    try:
        lines = gateway.last_lines(app_id, _LAST_LINES, begun - _CLOCKS_DIFFER)
    except GatewayError as unread:
        lines = (f"(the log could not be read: {unread})",)
    words = "its containers printed last:" if lines else "its containers printed nothing"
    return KNOWN.hide("\n      | ".join([words, *folded(lines)]))


def folded(lines: Sequence[str]) -> list[str]:
    """The lines, with those that repeat the one before them counted."""
    counted = [(line, len(list(same))) for line, same in groupby(lines)]
    return [f"{line} ({count} times)" if count > 1 else line for line, count in counted]
