"""What is known of an operation is known in its own thread, and only while it lasts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_modal.provider.operation import Operation, PartialFailure, as_current, current


def test_without_a_host_nothing_is_told_and_nothing_cancelled() -> None:
    operation = current()
    operation.tell("words")
    operation.warn("a sentence")
    assert operation.timeout_s is None
    assert not operation.cancelled.is_set()


def test_an_operation_is_current_only_while_it_lasts() -> None:
    outer, inner = Operation(timeout_s=1), Operation(timeout_s=2)
    with as_current(outer):
        with as_current(inner):
            assert current() is inner
        assert current() is outer
    assert current() is not outer


def test_an_operation_that_fails_is_over() -> None:
    operation = Operation()
    with pytest.raises(RuntimeError), as_current(operation):
        raise RuntimeError
    assert current() is not operation


def test_threads_do_not_see_each_others_operation() -> None:
    together = threading.Barrier(8, timeout=30)

    def work(number: int) -> float | None:
        with as_current(Operation(timeout_s=number)):
            together.wait()
            seen = current().timeout_s
            together.wait()
            return seen

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == list(range(8))


def test_a_partial_failure_keeps_its_own_copy_of_what_is_known() -> None:
    outs = {"app_id": "ap-1"}
    failure = PartialFailure("dev/llm", outs, ["it is not ready", "its log is empty"])
    outs["app_id"] = "changed"
    assert failure.outs == {"app_id": "ap-1"}
    assert failure.reasons == ("it is not ready", "its log is empty")
    assert str(failure) == "it is not ready; its log is empty"
