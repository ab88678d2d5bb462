"""What the SDK says while it deploys, as short lines: image builds above all."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from modal._output.manager import DisabledOutputManager, DisabledStatusRow, StatusRow

KEPT_LINES = 12
LONGEST_LINE = 300
LEAST_PAUSE_S = 0.2
"""Between two lines that are told: a build prints faster than people read."""


class _Row(DisabledStatusRow):
    """The row of a function that is being made: only what Modal warns of counts."""

    def __init__(self, warnings: list[str]) -> None:
        self._warnings = warnings

    def warn(self, warning: Any) -> None:
        """Take a warning."""
        self._warnings.append(warning.message)


class ToldOutput(DisabledOutputManager):
    """The SDK's output, told line by line, with the last lines of a build kept for its error."""

    def __init__(self, tell: Callable[[Any], None]) -> None:
        self._tell = tell
        self._told_at = float("-inf")
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.warnings: list[str] = []

    def add_status_row(self) -> StatusRow:
        """A row for a function."""
        return _Row(self.warnings)

    async def put_streaming_log(self, log: Any, prefix: str = "") -> None:
        """Take what a build printed."""
        del prefix
        for line in log.data.splitlines():
            text = line.strip()[:LONGEST_LINE]
            if text:
                self.last_lines.append(text)
                self._tell_at_times(f"building image: {text}")

    def _tell_at_times(self, words: str) -> None:
        now = time.monotonic()
        if now - self._told_at >= LEAST_PAUSE_S:
            self._told_at = now
            self._tell(words)
