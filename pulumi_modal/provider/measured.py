"""What a load measured of a version, and whether a new version may take over from an old one. Pure.

A percentile is the nearest rank: the smallest time in which at least that share of the good answers
came. A failed answer has no time of its own, it counts as failed: else a version that refuses at
once would be the quickest. Between which times the true percentile lies is told by ranks, too: how
many of n answers fall below it is binomial, whatever the times are distributed like. A version is
slower only when its percentile is too high and the two ranges do not overlap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pulumi_modal.spec.canary import Canary

P95: Final = 0.95
LEAST_GAP_S: Final = 0.02
"""Two 95th percentiles that are closer say nothing: this much is scheduling and network."""
LEAST_ANSWERS: Final = 60
"""Of fewer not even the slowest is above the 95th percentile with this confidence."""
CONFIDENCE: Final = 0.95
"""For each end of a range."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer: how long it took, and what was wrong with it."""

    seconds: float
    failure: str = ""


@dataclass(frozen=True)
class Measured:
    """All answers of one version."""

    samples: tuple[Sample, ...]

    @property
    def failed(self) -> int:
        """How many answers were not good."""
        return sum(bool(one.failure) for one in self.samples)

    @property
    def error_rate(self) -> float:
        """Their share; 0 without any answer."""
        return self.failed / len(self.samples) if self.samples else 0.0

    @property
    def first_failure(self) -> str:
        """What was wrong with the first of them."""
        return next((one.failure for one in self.samples if one.failure), "")

    @cached_property
    def p95(self) -> float | None:
        """95th percentile of the good answers, in seconds; None without one."""
        return percentile(self._times, P95)

    @cached_property
    def p95_range(self) -> tuple[float, float]:
        """Between which times the true 95th percentile lies."""
        low, high = ranks(len(self._times), P95)
        ordered = [0.0, *sorted(self._times), math.inf]
        return ordered[low], ordered[high]

    @cached_property
    def _times(self) -> list[float]:
        return [one.seconds for one in self.samples if not one.failure]

    def words(self) -> str:
        """In a few words: `100 answers, 0 % failed, p95 41 ms (38 ms to 47 ms)`."""
        time = "no good answer"
        if self.p95 is not None:
            low, high = self.p95_range
            rest = f"{_time(low)} to {_time(high)}" if high < math.inf else f"above {_time(low)}"
            time = f"p95 {_time(self.p95)} ({rest})"
        return f"{len(self.samples)} answers, {_share(self.error_rate)} failed, {time}"


@dataclass(frozen=True)
class Verdict:
    """Whether the new version takes over, and the numbers that say so."""

    against: tuple[str, ...]
    """What speaks against it; empty when nothing does."""
    numbers: str

    @property
    def is_good(self) -> bool:
        """True when it takes over."""
        return not self.against


def verdict(old: Measured, new: Measured, limits: Canary) -> Verdict:
    """Compare two versions that had the same load at the same time."""
    numbers = f"new: {new.words()}; old: {old.words()}"
    return Verdict(tuple(_against(old, new, limits)), numbers)


def _against(old: Measured, new: Measured, limits: Canary) -> list[str]:
    if len(new.samples) < LEAST_ANSWERS:
        came = len(new.samples)
        return [f"only {came} answers came within {limits.deadline:g} s, too few to judge"]
    found = []
    if new.error_rate > limits.max_error_rate:
        found.append(
            f"{_share(new.error_rate)} of its answers failed ({_share(limits.max_error_rate)} may),"
            f" the first with {new.first_failure}"
        )
    if new.p95 is None:
        return found or ["none of its answers was good"]
    if limits.max_p95 is not None and new.p95 > limits.max_p95:
        found.append(f"its p95 is {_time(new.p95)} ({_time(limits.max_p95)} may be)")
    if old.p95 is not None and _is_slower(new, old, limits.max_p95_ratio):
        found.append(
            f"its p95 is {_time(new.p95)}, {new.p95 / old.p95:.1f} times the old version's"
            f" {_time(old.p95)} ({limits.max_p95_ratio:g} times may be)"
        )
    return found


def _is_slower(new: Measured, old: Measured, ratio: float) -> bool:
    if new.p95 is None or old.p95 is None:
        return False
    is_much = new.p95 > old.p95 * ratio and new.p95 - old.p95 > LEAST_GAP_S
    return is_much and new.p95_range[0] > old.p95_range[1]


def ranks(count: int, share: float) -> tuple[int, int]:
    """Ranks, from 1, between which the percentile of what was sampled lies; 0 and count + 1: none.

    `above` is how likely at least so many of `count` values fall below the percentile.
    """
    low, high, above = 0, count + 1, 0.0
    for rank in range(count, 0, -1):
        above += _binomial(rank, count, share)
        if above <= 1 - CONFIDENCE:
            high = rank
        if above >= CONFIDENCE:
            low = rank
            break
    return low, high


def _binomial(successes: int, count: int, share: float) -> float:
    ways = math.lgamma(count + 1) - math.lgamma(successes + 1) - math.lgamma(count - successes + 1)
    rest = (count - successes) * math.log(1 - share)
    return math.exp(ways + successes * math.log(share) + rest)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of them does not exceed; None of none."""
    if not values:
        return None
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _share(share: float) -> str:
    return f"{share * 100:.3g} %"
