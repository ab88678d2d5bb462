"""A new version takes over only when the numbers allow it, and the verdict says which do not."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.provider.measured import (
    LEAST_GAP_S,
    Measured,
    Sample,
    Verdict,
    percentile,
    ranks,
    verdict,
)
from pulumi_modal.spec.canary import Canary

SECONDS = st.floats(0.001, 30)
SAMPLES = st.builds(Sample, SECONDS, st.sampled_from(["", "", "", "500 boom"]))
MEASURED = st.lists(SAMPLES, min_size=3, max_size=6).map(lambda some: Measured(tuple(some * 20)))
LIMITS = st.builds(
    Canary, max_error_rate=st.floats(0, 1), max_p95_ratio=st.floats(1, 10), requests=st.just(100)
)


def measured(*seconds: float, failed: int = 0) -> Measured:
    """Good answers in these times, and failed ones."""
    good = [Sample(one) for one in seconds]
    return Measured((*good, *[Sample(0.01, "500 boom")] * failed))


def judged(old: Measured, new: Measured, **limits: Any) -> Verdict:
    return verdict(old, new, Canary.model_validate(limits))


@given(st.lists(SECONDS, min_size=1, max_size=70), st.floats(0.01, 1))
def test_a_percentile_is_the_smallest_value_that_covers_its_share(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert found is not None
    covered = sum(one <= found for one in values)
    assert covered >= math.ceil(share * len(values))
    smaller = [one for one in values if one < found]
    assert len(smaller) < math.ceil(share * len(values))


@given(st.lists(SECONDS, min_size=3, max_size=99).filter(lambda values: len(values) % 2))
def test_the_half_is_the_median(values: list[float]) -> None:
    assert percentile(values, 0.5) == statistics.median(values)


def _exact(count: int, share: Fraction) -> tuple[int, int]:
    """The ranks, by adding up exact fractions."""

    def at_least(successes: int) -> Fraction:
        chosen = range(successes, count + 1)
        return sum(
            (math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in chosen),
            Fraction(0),
        )

    low = [rank for rank in range(1, count + 1) if at_least(rank) >= Fraction(95, 100)]
    high = [rank for rank in range(1, count + 1) if at_least(rank) <= Fraction(5, 100)]
    return max(low, default=0), min(high, default=count + 1)


@pytest.mark.parametrize("count", [0, 1, 10, 58, 59, 60, 100, 137])
def test_the_range_of_a_percentile_is_the_one_of_the_binomial(count: int) -> None:
    assert ranks(count, 0.95) == _exact(count, Fraction(95, 100))


def test_of_few_answers_the_slowest_says_nothing() -> None:
    assert ranks(58, 0.95)[1] == 59  # beyond the slowest
    assert ranks(59, 0.95)[1] == 59
    assert ranks(100_000, 0.95)[0] > 94_800


@given(st.lists(SECONDS, min_size=1, max_size=70))
def test_a_percentile_is_in_its_range(values: list[float]) -> None:
    one = measured(*values)
    assert one.p95 is not None
    assert one.p95_range[0] <= one.p95 <= one.p95_range[1]


def test_a_few_slow_answers_by_chance_withdraw_nothing() -> None:
    old = measured(*[0.1] * 96, *[0.9] * 4)
    new = measured(*[0.1] * 93, *[0.9] * 7)
    assert new.p95 == 0.9
    assert old.p95 == 0.1
    assert judged(old, new).is_good


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile([], 0.95) is None
    assert measured(failed=60).p95 is None
    assert measured().error_rate == 0


@given(MEASURED, LIMITS)
def test_a_version_is_as_good_as_itself_unless_it_fails_too_much(
    one: Measured, limits: Canary
) -> None:
    found = verdict(one, one, limits)
    assert found.is_good == (one.error_rate <= limits.max_error_rate and one.p95 is not None)


@given(MEASURED, MEASURED, LIMITS, st.floats(1, 5))
def test_a_slower_version_never_does_better(
    old: Measured, new: Measured, limits: Canary, factor: float
) -> None:
    slower = Measured(tuple(Sample(one.seconds * factor, one.failure) for one in new.samples))
    if not verdict(old, new, limits).is_good:
        assert not verdict(old, slower, limits).is_good


@given(MEASURED, MEASURED, LIMITS, st.integers(1, 60))
def test_a_version_that_fails_too_much_fails_so_with_more_failures(
    old: Measured, new: Measured, limits: Canary, more: int
) -> None:
    broken = tuple(Sample(one.seconds, "500") for one in new.samples[:more])
    worse = Measured((*broken, *new.samples[more:]))
    if new.error_rate > limits.max_error_rate:
        assert not verdict(old, new, limits).is_good
        assert not verdict(old, worse, limits).is_good


@given(MEASURED, MEASURED, LIMITS)
def test_whatever_is_withdrawn_says_why_in_one_line(
    old: Measured, new: Measured, limits: Canary
) -> None:
    found = verdict(old, new, limits)
    assert found.is_good == (not found.against)
    assert all(one and "\n" not in one for one in (*found.against, found.numbers))


@pytest.mark.parametrize(
    ("old", "new", "limits", "against"),
    [
        pytest.param(measured(*[0.1] * 60), measured(*[0.14] * 60), {}, (), id="a little slower"),
        pytest.param(
            measured(*[0.1] * 60),
            measured(*[0.4] * 60),
            {},
            ("its p95 is 400 ms, 4.0 times the old version's 100 ms (1.5 times may be)",),
            id="much slower",
        ),
        pytest.param(
            measured(*[0.002] * 60),
            measured(*[0.002 + LEAST_GAP_S / 2] * 60),
            {},
            (),
            id="six times slower, and less than scheduling takes",
        ),
        pytest.param(
            measured(*[0.1] * 100),
            measured(*[0.1] * 97, failed=3),
            {},
            ("3 % of its answers failed (1 % may), the first with 500 boom",),
            id="failures",
        ),
        pytest.param(
            measured(*[0.1] * 100),
            measured(*[0.1] * 97, failed=3),
            {"max_error_rate": 0.03},
            (),
            id="as many failures as may be",
        ),
        pytest.param(
            measured(*[2.0] * 60),
            measured(*[1.5] * 60),
            {"max_p95": "800ms"},
            ("its p95 is 1.50 s (800 ms may be)",),
            id="quicker, but too slow",
        ),
        pytest.param(
            measured(failed=60), measured(*[3.0] * 60), {}, (), id="the old one never answers"
        ),
        pytest.param(
            measured(*[0.1] * 60),
            measured(failed=60),
            {"max_error_rate": 1},
            ("none of its answers was good",),
            id="all may fail, and all do",
        ),
        pytest.param(
            measured(*[0.1] * 60),
            measured(*[0.1] * 59),
            {"deadline": 60},
            ("only 59 answers came within 60 s, too few to judge",),
            id="too few",
        ),
    ],
)
def test_what_speaks_against_a_version(
    old: Measured, new: Measured, limits: dict[str, Any], against: tuple[str, ...]
) -> None:
    assert judged(old, new, **limits).against == against


def test_the_numbers_of_both_are_told() -> None:
    found = judged(measured(*[1.25] * 60), measured(*[0.0414] * 78, failed=2))
    assert found.numbers == (
        "new: 80 answers, 2.5 % failed, p95 41 ms (41 ms to 41 ms);"
        " old: 60 answers, 0 % failed, p95 1.25 s (1.25 s to 1.25 s)"
    )
