"""Crash loops: how long to wait before the next start, and when callers are told.

A start fails when its container never asks for inputs, or dies idle before it answered any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FIRST_DELAY_S: Final = 0.25
LONGEST_DELAY_S: Final = 60.0
FAILURES_TO_GIVE_UP: Final = 3
LOSSES_TO_GIVE_UP: Final = 3


@dataclass(frozen=True, slots=True)
class StartHistory:
    """Failed starts of one version of a function since the last good one."""

    failures: int = 0
    last_failed_at: float = 0.0

    def failed(self, now: float) -> StartHistory:
        """One more failed start."""
        return StartHistory(self.failures + 1, now)

    @property
    def next_start_at(self) -> float:
        """No container may be started before; 0 when nothing has failed."""
        if self.failures == 0:
            return 0.0
        exponent = min(self.failures - 1, 32)
        return self.last_failed_at + min(FIRST_DELAY_S * 2.0**exponent, LONGEST_DELAY_S)

    @property
    def has_given_up(self) -> bool:
        """Whether inputs that wait now should fail rather than wait on."""
        return self.failures >= FAILURES_TO_GIVE_UP

    def allowed_starts(self, wanted: int, starting: int, now: float) -> int:
        """How many of the wanted starts may happen now: after a failure, one at a time."""
        if self.failures == 0:
            return wanted
        if now < self.next_start_at or starting:
            return 0
        return min(wanted, 1)


def is_poisonous(losses: int) -> bool:
    """Whether an input has lost so many containers that it must not be tried again."""
    return losses >= LOSSES_TO_GIVE_UP
