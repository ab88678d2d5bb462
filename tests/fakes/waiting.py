"""Waiting for what has no event that a test could wait on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

DEADLINE_S: Final = 90.0


def eventually(holds: Callable[[], bool]) -> None:
    """Return when it holds; fails when it does not in time."""
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.2)
