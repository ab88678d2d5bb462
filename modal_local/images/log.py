"""The log of one build: lines that grow, and those who follow them."""

from __future__ import annotations

from collections.abc import Collection

from modal_local.bell import Bell

_HIDDEN = "***"
_SHORTEST_SECRET = 4


class BuildLog:
    """Lines of a build. Values of secrets never enter it."""

    def __init__(self, lines: Collection[str] = ()) -> None:
        self.lines: list[str] = list(lines)
        self._secrets: list[str] = []
        self.bell = Bell()
        """Rung when a line has come, and at the end."""

    def hide(self, values: Collection[str]) -> None:
        """From now on these values are shown as stars."""
        new = {value for value in values if len(value) >= _SHORTEST_SECRET}
        self._secrets = sorted({*self._secrets, *new}, key=len, reverse=True)

    def append(self, line: str) -> None:
        """Add a line and wake those who follow."""
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        self.lines.append(line)
        self.bell.ring()
