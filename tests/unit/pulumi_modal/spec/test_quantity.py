"""Durations, memory and cores: accepted spellings, units, bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.spec.quantity import (
    Cores,
    Delay,
    Duration,
    Mebibytes,
    Milliseconds,
    RequestAndLimit,
)
from pulumi_modal.spec.refusal import Refusal

TIMEOUT = Duration(1, 86_400)
MEMORY = Mebibytes()
CORES_OR_PAIR = RequestAndLimit(Cores())


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (90, 90),
        (90.0, 90),
        ("90s", 90),
        ("5m", 300),
        ("1h", 3600),
        ("1d", 86_400),
        ("1.5h", 5400),
        (" 5 m ", 300),
        ("5M", 300),
        ("60000ms", 60),
    ],
)
def test_durations_are_whole_seconds(written: object, seconds: int) -> None:
    assert TIMEOUT(written) == seconds


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        pytest.param(0, "1", id="zero"),
        pytest.param(-5, "", id="negative"),
        pytest.param(999_999, "86400", id="above-a-day"),
        pytest.param("2d", "86400", id="above-a-day-in-days"),
        pytest.param("1.5s", "2", id="half-a-second"),
        pytest.param("90", '"90s"', id="no-unit"),
        pytest.param("5 minutes", '"5m"', id="unit-in-words"),
        pytest.param("5x", "", id="unknown-unit"),
        pytest.param("soon", "", id="words"),
        pytest.param("", "", id="empty"),
        pytest.param(True, "", id="boolean"),
        pytest.param(None, "", id="null"),
        pytest.param([90], "", id="list"),
        pytest.param(float("inf"), "", id="infinite"),
        pytest.param(float("nan"), "", id="not-a-number"),
        pytest.param(1e300, "", id="enormous"),
    ],
)
def test_bad_durations_are_refused(written: object, nearest: str) -> None:
    with pytest.raises(Refusal) as refused:
        TIMEOUT(written)
    assert refused.value.nearest == nearest


@pytest.mark.parametrize(
    ("written", "mebibytes"),
    [
        (16_384, 16_384),
        (16_384.0, 16_384),
        ("16Gi", 16_384),
        ("16GiB", 16_384),
        ("512Mi", 512),
        ("512MiB", 512),
        ("1Ti", 1_048_576),
        ("1.5Gi", 1536),
        ("16 Gi", 16_384),
        ("16G", 15_259),
        ("16GB", 15_259),
        ("512M", 489),
    ],
)
def test_memory_becomes_mebibytes_rounded_up(written: object, mebibytes: int) -> None:
    assert MEMORY(written) == mebibytes


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        pytest.param("16", '"16Gi"', id="no-unit"),
        pytest.param("16Gb", '"16GB"', id="bits"),
        pytest.param("16gi", '"16Gi"', id="lower-case"),
        pytest.param("16Xi", "", id="unknown-unit"),
        pytest.param("lots", "", id="words"),
        pytest.param(0, "", id="zero"),
        pytest.param(-1, "", id="negative"),
        pytest.param(1.5, "", id="fraction"),
        pytest.param(True, "", id="boolean"),
        pytest.param(None, "", id="null"),
    ],
)
def test_memory_without_a_known_unit_is_refused(written: object, nearest: str) -> None:
    with pytest.raises(Refusal) as refused:
        MEMORY(written)
    assert refused.value.nearest == nearest


def test_a_disk_above_three_tebibytes_is_refused() -> None:
    with pytest.raises(Refusal, match="above 3145728 MiB"):
        Mebibytes(3_145_728)("4Ti")


def test_a_request_may_have_a_limit() -> None:
    assert RequestAndLimit(MEMORY)(["16Gi", "32Gi"]) == (16_384, 32_768)
    assert CORES_OR_PAIR([1, 2.5]) == (1, 2.5)


@pytest.mark.parametrize("pair", [[2, 1], [1], [1, 2, 3], [], ["a", 1]])
def test_pairs_that_are_none_are_refused(pair: Any) -> None:
    with pytest.raises(Refusal):
        CORES_OR_PAIR(pair)


@pytest.mark.parametrize(("written", "nearest"), [("4", "4"), ("500m", "0.5"), (0, "0.125")])
def test_cores_are_numbers(written: object, nearest: str) -> None:
    with pytest.raises(Refusal) as refused:
        Cores()(written)
    assert refused.value.nearest == nearest


@pytest.mark.parametrize(("written", "wait_ms"), [(20, 20), ("20ms", 20), ("1s", 1000), (0, 0)])
def test_waiting_times_are_milliseconds(written: object, wait_ms: int) -> None:
    assert Milliseconds(600_000)(written) == wait_ms


def test_delays_may_have_a_fraction() -> None:
    assert Delay(0, 60)("500ms") == 0.5


@given(st.integers(1, 86_400))
def test_a_canonical_duration_stays_as_it_is(seconds: int) -> None:
    assert TIMEOUT(TIMEOUT(f"{seconds}s")) == seconds


@given(st.one_of(st.text(max_size=12), st.floats(), st.integers(), st.none(), st.booleans()))
def test_anything_is_a_quantity_or_a_refusal(value: object) -> None:
    for rule in (TIMEOUT, MEMORY, CORES_OR_PAIR, Milliseconds(600_000), Delay(0, 60)):
        try:
            canonical: Any = rule(value)
        except Refusal:
            continue
        assert rule(canonical) == canonical
