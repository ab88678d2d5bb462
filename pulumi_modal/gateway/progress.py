"""What the SDK says while it deploys, as short lines: image builds above all."""

# ruff: noqa: SLF001  # what an object of the SDK depends on, and whether it is made, is private

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from modal._image import _Image
from modal._object import _Object
from modal._output.manager import DisabledOutputManager, DisabledStatusRow, StatusRow

from pulumi_modal.source.redaction import KNOWN

KEPT_LINES = 12
LONGEST_LINE = 300
LEAST_PAUSE_S = 0.2
"""Between two lines that are told: a build prints faster than people read."""


def images_below(roots: Iterable[_Object]) -> list[_Image]:
    """Every image, layer by layer, that these objects need."""
    seen: dict[int, _Object] = {}
    waiting = list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen[id(one)] = one
            waiting.extend(one._deps() if one._deps else ())
    return [one for one in seen.values() if isinstance(one, _Image)]


def standing(images: Sequence[_Image]) -> str:
    """` 3/7` while the third of seven layers is built; nothing where there is only one."""
    done = sum(one._is_hydrated for one in images)
    return f" {min(done + 1, len(images))}/{len(images)}" if len(images) > 1 else ""


class _Row(DisabledStatusRow):
    """The row of a function that is being made: only what Modal warns of counts."""

    def __init__(self, warnings: list[str]) -> None:
        self._warnings = warnings

    def warn(self, warning: Any) -> None:
        """Take a warning."""
        self._warnings.append(warning.message)


class ToldOutput(DisabledOutputManager):
    """The SDK's output, told line by line, with the last lines of a build kept for its error."""

    def __init__(
        self, tell: Callable[[Any], None], standing: Callable[[], str] = lambda: ""
    ) -> None:
        self._tell = tell
        self._standing = standing
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
            text = KNOWN.hide(line.strip())[:LONGEST_LINE]
            if text:
                self.last_lines.append(text)
                self._tell_at_times(text)

    def _tell_at_times(self, text: str) -> None:
        now = time.monotonic()
        if now - self._told_at >= LEAST_PAUSE_S:
            self._told_at = now
            self._tell(f"building image{self._standing()}: {text}")
