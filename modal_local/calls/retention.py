"""Which finished calls are still remembered: bounded by number, size and age.

Results of waiting callers are dropped when fetched; what comes here was never fetched, may be
asked for again (spawned calls), or belongs to a map that may still grow.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cap:
    """How much may be kept."""

    calls: int
    size: int
    age_s: float


@dataclass(slots=True)
class _Kept:
    size: int
    since: float


class Retention:
    """The calls kept, least recently touched first."""

    def __init__(self, cap: Cap) -> None:
        self._cap = cap
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, call_id: str, *, size: int, now: float) -> list[str]:
        """Keep one more, or touch it; the calls that are to be forgotten for it."""
        self.drop(call_id)
        self._kept[call_id] = _Kept(size, now)
        self._size += size
        forgotten = []
        while self._kept and self._is_over(now):
            oldest = next(iter(self._kept))
            self.drop(oldest)
            forgotten.append(oldest)
        return forgotten

    def touch(self, call_id: str, now: float) -> None:
        """Somebody asked for it."""
        kept = self._kept.get(call_id)
        if kept is not None:
            kept.since = now
            self._kept.move_to_end(call_id)

    def drop(self, call_id: str) -> None:
        """It is no longer kept here."""
        kept = self._kept.pop(call_id, None)
        if kept is not None:
            self._size -= kept.size

    def _is_over(self, now: float) -> bool:
        oldest = next(iter(self._kept.values()))
        return (
            len(self._kept) > self._cap.calls
            or (self._size > self._cap.size and len(self._kept) > 1)
            or now - oldest.since > self._cap.age_s
        )
