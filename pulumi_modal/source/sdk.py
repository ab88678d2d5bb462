"""The few private doors of the SDK that several files need."""

from __future__ import annotations

from typing import Any

import modal
from modal._utils import async_utils


def inner_app(app: modal.App) -> Any:
    """The SDK's own object behind a user's `modal.App`."""
    translate: Any = async_utils.synchronizer._translate_in  # noqa: SLF001  # there is no other way
    return translate(app)
