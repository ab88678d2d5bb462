"""What is remembered of calls, and for how long."""

from __future__ import annotations

import asyncio

import pytest
from modal_proto import api_pb2

from modal_local.calls.call import Call, Input, InputState
from modal_local.calls.ledger import WAITED_FOR, Ledger, OutputQuery
from modal_local.calls.replies import Replies
from modal_local.calls.retention import Cap, Retention
from modal_local.errors import NotFound

SYNC = api_pb2.FUNCTION_CALL_INVOCATION_TYPE_SYNC
ASYNC = api_pb2.FUNCTION_CALL_INVOCATION_TYPE_ASYNC
UNARY = api_pb2.FUNCTION_CALL_TYPE_UNARY
MAP = api_pb2.FUNCTION_CALL_TYPE_MAP
_SUCCESS = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_call(
    ledger: Ledger,
    inputs: int = 1,
    *,
    invocation: api_pb2.FunctionCallInvocationType.ValueType = SYNC,
    kind: api_pb2.FunctionCallType.ValueType = UNARY,
) -> tuple[Call, list[Input]]:
    call = ledger.open("fu-1", kind=kind, invocation=invocation)
    return call, [
        ledger.add_input(call, n, api_pb2.FunctionInput(args=b"a")) for n in range(inputs)
    ]


def finish(ledger: Ledger, item: Input, data: bytes = b"") -> None:
    result = api_pb2.GenericResult(status=_SUCCESS, data=data)
    output = api_pb2.FunctionGetOutputsItem(result=result, idx=item.idx, input_id=item.input_id)
    ledger.finish(item, output)


async def test_an_output_is_found_by_its_index() -> None:
    ledger = Ledger()
    call, items = a_call(ledger, 3)
    finish(ledger, items[2])
    page = await ledger.outputs(call, OutputQuery(start_idx=2, end_idx=2))
    assert [item.idx for item in page.items] == [2]
    assert page.unfinished == 2
    assert items[2].state is InputState.DONE
    assert not items[2].message.args


async def test_a_cursor_gives_each_output_once_in_the_order_they_came() -> None:
    ledger = Ledger()
    call, items = a_call(ledger, 3, kind=MAP)
    finish(ledger, items[1])
    finish(ledger, items[0])
    first = await ledger.outputs(call, OutputQuery(max_values=1))
    second = await ledger.outputs(call, OutputQuery(position=first.position))
    assert [item.idx for item in first.items] == [1]
    assert [item.idx for item in second.items] == [0]
    third = await ledger.outputs(call, OutputQuery(position=second.position))
    assert not third.items
    assert third.position == second.position


async def test_a_waiting_map_drops_what_its_caller_has_seen() -> None:
    ledger = Ledger()
    call, items = a_call(ledger, 3, kind=MAP)
    for item in items:
        finish(ledger, item)
    page = await ledger.outputs(call, OutputQuery(max_values=2))
    assert len(call.outputs) == 3  # the answer may have been lost on its way
    await ledger.outputs(call, OutputQuery(position=page.position))
    assert list(call.outputs) == [2]


async def test_a_caller_waits_for_its_output() -> None:
    ledger = Ledger()
    call, (item,) = a_call(ledger)
    waiting = asyncio.create_task(ledger.outputs(call, OutputQuery(timeout_s=5)))
    await asyncio.sleep(0)
    finish(ledger, item, b"42")
    assert (await waiting).items[0].result.data == b"42"


async def test_a_caller_that_does_not_want_to_wait_gets_nothing() -> None:
    call, _ = a_call(ledger := Ledger())
    assert (await ledger.outputs(call, OutputQuery())).unfinished == 1


def test_a_fetched_call_is_forgotten() -> None:
    ledger = Ledger()
    call, (item,) = a_call(ledger)
    finish(ledger, item)
    ledger.clear(call)
    assert len(ledger) == 0
    with pytest.raises(NotFound):
        ledger.find(call.call_id)


def test_a_call_with_unfinished_inputs_is_not_forgotten() -> None:
    ledger = Ledger()
    call, _ = a_call(ledger)
    ledger.clear(call)
    assert ledger.find(call.call_id) is call


def test_a_generator_stays_for_its_reader() -> None:
    ledger = Ledger()
    call, (item,) = a_call(ledger)
    output = api_pb2.FunctionGetOutputsItem(
        idx=0, input_id=item.input_id, data_format=api_pb2.DATA_FORMAT_GENERATOR_DONE
    )
    ledger.finish(item, output)
    ledger.clear(call)
    assert ledger.find(call.call_id).data_out.is_closed


def test_what_nobody_fetches_is_forgotten_in_time() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    _, (item,) = a_call(ledger)
    finish(ledger, item)
    clock.now = WAITED_FOR.age_s + 1
    _, (other,) = a_call(ledger)
    finish(ledger, other)
    assert len(ledger) == 1


def test_a_spawned_call_outlives_that_time() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    call, (item,) = a_call(ledger, invocation=ASYNC)
    finish(ledger, item)
    clock.now = WAITED_FOR.age_s + 1
    _, (other,) = a_call(ledger, invocation=ASYNC)
    finish(ledger, other)
    assert ledger.find(call.call_id) is call


def test_an_input_finishes_once() -> None:
    ledger = Ledger()
    call, (item,) = a_call(ledger)
    finish(ledger, item, b"first")
    finish(ledger, item, b"second")
    assert call.outputs[0].result.data == b"first"
    assert len(call.order) == 1


def test_a_retried_input_is_unfinished_again() -> None:
    ledger = Ledger()
    call, (item,) = a_call(ledger)
    finish(ledger, item)
    again = ledger.reopen(call, api_pb2.FunctionInput(), item.input_id)
    assert again is not None
    assert call.unfinished == {item.input_id: again}
    assert ledger.reopen(call, api_pb2.FunctionInput(), "in-0") is None


def test_retention_forgets_the_least_recently_touched() -> None:
    retention = Retention(Cap(calls=2, size=100, age_s=10))
    assert retention.keep("a", size=1, now=0) == []
    assert retention.keep("b", size=1, now=0) == []
    retention.touch("a", 1)
    assert retention.keep("c", size=1, now=1) == ["b"]


def test_retention_is_bounded_by_size_and_age() -> None:
    retention = Retention(Cap(calls=9, size=100, age_s=10))
    retention.keep("a", size=60, now=0)
    assert retention.keep("b", size=60, now=0) == ["a"]
    assert retention.keep("c", size=1, now=11) == ["b"]
    assert retention.keep("huge", size=1000, now=11) == ["c"]
    retention.drop("huge")
    assert len(retention) == 0


def test_a_repeated_request_gets_its_first_answer() -> None:
    replies: Replies[str] = Replies(2)
    replies.keep("k", "answer")
    assert replies.find("k") == "answer"
    assert replies.find("") is None
    replies.keep("", "never")
    replies.keep("l", "x")
    replies.keep("m", "y")
    assert replies.find("k") is None
