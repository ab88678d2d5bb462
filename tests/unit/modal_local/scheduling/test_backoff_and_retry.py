"""Crash loops are slowed down; failed inputs are retried as declared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modal_proto import api_pb2

from modal_local.scheduling.backoff import (
    FAILURES_TO_GIVE_UP,
    LONGEST_DELAY_S,
    StartHistory,
    is_poisonous,
)
from modal_local.scheduling.retry import retry_delay_s


def after(failures: int) -> StartHistory:
    history = StartHistory()
    for _ in range(failures):
        history = history.failed(100.0)
    return history


def test_nothing_holds_back_a_function_that_starts_well() -> None:
    assert StartHistory().allowed_starts(5, starting=3, now=0.0) == 5


def test_after_a_failure_one_container_starts_at_a_time() -> None:
    history = after(1)
    assert history.allowed_starts(5, starting=0, now=100.1) == 0
    assert history.allowed_starts(5, starting=0, now=history.next_start_at) == 1
    assert history.allowed_starts(5, starting=1, now=history.next_start_at) == 0
    assert history.allowed_starts(0, starting=0, now=history.next_start_at) == 0


@given(st.integers(1, 5000))
def test_delays_grow_and_stay_bounded(failures: int) -> None:
    history = StartHistory(failures, 100.0)
    delay = history.next_start_at - 100.0
    earlier = StartHistory(failures - 1, 100.0).next_start_at - 100.0
    assert max(earlier, 0.0) <= delay <= LONGEST_DELAY_S


def test_callers_are_told_after_some_failures() -> None:
    assert not after(FAILURES_TO_GIVE_UP - 1).has_given_up
    assert after(FAILURES_TO_GIVE_UP).has_given_up


@pytest.mark.parametrize(("losses", "poisonous"), [(0, False), (2, False), (3, True), (4, True)])
def test_an_input_may_lose_two_containers(losses: int, poisonous: bool) -> None:  # noqa: FBT001
    assert is_poisonous(losses) is poisonous


@pytest.mark.parametrize(
    ("failures", "delay"),
    [
        pytest.param(0, None, id="nothing failed"),
        pytest.param(1, 1.0, id="first"),
        pytest.param(2, 2.0, id="second"),
        pytest.param(3, 3.0, id="third, bounded"),
        pytest.param(4, None, id="used up"),
    ],
)
def test_retries_wait_longer_each_time(failures: int, delay: float | None) -> None:
    policy = api_pb2.FunctionRetryPolicy(
        retries=3, initial_delay_ms=1000, backoff_coefficient=2.0, max_delay_ms=3000
    )
    assert retry_delay_s(policy, failures) == delay


@given(
    st.integers(0, 10),
    st.integers(0, 60_000),
    st.floats(1, 10),
    st.integers(1000, 60_000),
    st.integers(1, 12),
)
def test_delays_keep_to_the_policy(
    retries: int, initial: int, coefficient: float, longest: int, failures: int
) -> None:
    policy = api_pb2.FunctionRetryPolicy(
        retries=retries,
        initial_delay_ms=initial,
        backoff_coefficient=coefficient,
        max_delay_ms=longest,
    )
    delay = retry_delay_s(policy, failures)
    assert (delay is None) == (failures > retries)
    if delay is not None:
        assert 0 <= delay <= longest / 1000


def test_without_a_policy_nothing_is_retried() -> None:
    assert retry_delay_s(api_pb2.FunctionRetryPolicy(), 1) is None
