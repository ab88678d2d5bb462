"""Which call an order is about, what an order may say, and waiting for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from modal_local.errors import Invalid, NotFound
from modal_local.faults.book import FaultBook, Milestones
from modal_local.faults.order import Effect, Order, parse_order

RPCS = ["AppPublish", "FunctionCreate"]


def test_an_order_is_about_the_nth_call_since_it_was_given() -> None:
    book = FaultBook()
    book.due("AppPublish", ())
    placed = book.add(Order("AppPublish", Effect.REFUSE, nth=2, times=2))
    due = [book.due("AppPublish", ()) for _ in range(4)]
    assert due == [[], [placed], [placed], []]


def test_an_order_about_an_app_does_not_count_calls_about_others() -> None:
    book = FaultBook()
    placed = book.add(Order("AppPublish", Effect.REFUSE, about="mine"))
    assert book.due("AppPublish", {"other"}) == []
    assert book.due("FunctionCreate", {"mine"}) == []
    assert book.due("AppPublish", {"dev", "mine"}) == [placed]


def test_only_rpcs_with_orders_are_looked_at() -> None:
    book = FaultBook()
    assert not book.has_orders("AppPublish")
    book.add(Order("AppPublish", Effect.WATCH))
    assert (book.has_orders("AppPublish"), book.has_orders("FunctionCreate")) == (True, False)


async def test_a_wait_ends_with_the_call_and_fails_when_the_order_is_cleared() -> None:
    book = FaultBook()
    placed = book.add(Order("AppPublish", Effect.HOLD))
    waiting = asyncio.create_task(book.wait(placed.order_id, Milestones.HELD, 1, 60))
    await asyncio.sleep(0)
    placed.mark(Milestones.HELD)
    assert await waiting is placed

    more = asyncio.create_task(book.wait(placed.order_id, Milestones.HELD, 2, 60))
    await asyncio.sleep(0)
    assert book.clear() == 1
    with pytest.raises(NotFound, match="was cleared before a call had held"):
        await more
    assert placed.released.is_set()
    with pytest.raises(NotFound, match="there is no order"):
        book.clear(placed.order_id)


async def test_what_never_comes_ends_at_its_deadline() -> None:
    book = FaultBook()
    placed = book.add(Order("AppPublish", Effect.WATCH))
    with pytest.raises(TimeoutError):
        await book.wait(placed.order_id, Milestones.BEGUN, 1, 0)
    with pytest.raises(Invalid, match="holds nothing"):
        await book.wait(placed.order_id, Milestones.HELD, 1, 0)
    with pytest.raises(Invalid, match="not for 'soon'"):
        await book.wait(placed.order_id, "soon", 1, 0)


def test_calls_are_remembered_in_order() -> None:
    book = FaultBook()
    first = book.began("AppCreate", "a")
    book.began("AppPublish", "a")
    assert [call.rpc for call in book.calls()] == ["AppCreate", "AppPublish"]
    assert [call.rpc for call in book.calls(after=first.number)] == ["AppPublish"]


def test_an_order_is_parsed_as_it_travels() -> None:
    said: dict[str, Any] = {"rpc": "AppPublish", "effect": "slow", "nth": 3.0, "slow_s": 0.5}
    assert parse_order(said, RPCS) == Order("AppPublish", Effect.SLOW, nth=3, slow_s=0.5)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rpc": "AppPublsh"}, "no RPC 'AppPublsh': did you mean AppPublish?"),
        ({"effect": "loose-reply"}, "did you mean lose-reply?"),
        ({"effect": "refuse", "status": "unavailble"}, "did you mean UNAVAILABLE?"),
        ({"nth": 0}, "nth counts from 1"),
        ({"nth": 1.5}, "nth counts from 1"),
        ({"times": "two"}, "times is a number"),
        ({"effect": "slow"}, "slow_s belongs to the effect slow"),
        ({"effect": "refuse", "slow_s": 1}, "slow_s belongs to the effect slow"),
        ({"effect": "slow", "slow_s": -1}, "between 0 and 3600"),
        ({"app": "x"}, "an order has no 'app'"),
    ],
)
def test_what_an_order_cannot_say_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_order({"rpc": "AppPublish", "effect": "watch", **values}, RPCS)
    assert words in str(refused.value)
