"""The log of one build: lines that grow, and those who follow them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

_HIDDEN = "***"
_SHORTEST_SECRET = 4


class BuildLog:
    """Lines of a build. Values of secrets never enter it."""

    def __init__(self, lines: Collection[str] = ()) -> None:
        self.lines: list[str] = list(lines)
        self._secrets: list[str] = []
        self._grown = asyncio.Event()

    def hide(self, values: Collection[str]) -> None:
        """From now on these values are shown as stars."""
        new = {value for value in values if len(value) >= _SHORTEST_SECRET}
        self._secrets = sorted({*self._secrets, *new}, key=len, reverse=True)

    def append(self, line: str) -> None:
        """Add a line and wake those who follow."""
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        self.lines.append(line)
        self.wake()

    def wake(self) -> None:
        """Let those who follow look again."""
        self._grown.set()
        self._grown = asyncio.Event()

    async def grown(self) -> None:
        """Wait for the next line, or the end."""
        await self._grown.wait()
