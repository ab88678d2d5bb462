"""The orders in force, how far each has come, and the calls that were made.

Kept in memory: a server that was killed or stopped comes back without any.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from modal_local.bell import Bell
from modal_local.errors import Invalid, NotFound
from modal_local.faults.order import Effect, Order

CALLS_KEPT: Final = 10_000
HOLDS: Final = frozenset({Effect.HOLD, Effect.HOLD_REPLY})


class Milestones:
    """What one can wait for, in the order in which it comes."""

    BEGUN: Final = "begun"
    HELD: Final = "held"
    ENDED: Final = "ended"
    ALL: Final = (BEGUN, HELD, ENDED)


@dataclass(slots=True, eq=False)
class Placed:
    """An order and how far it has come."""

    order_id: str
    order: Order
    seen: int = 0
    """Calls since it was given that it could be about."""
    reached: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Milestones.ALL, 0))
    """How many calls it was about have got so far."""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    progress: Bell = field(default_factory=Bell)

    def mark(self, milestone: str) -> None:
        """A call that it is about has got so far."""
        self.reached[milestone] += 1
        self.progress.ring()


@dataclass(slots=True, eq=False)
class Call:
    """One call of an RPC."""

    number: int
    rpc: str
    caller: str
    """The address that it came from: one connection is one caller."""
    began_at: float
    is_over: bool = False


class FaultBook:
    """Everything that was ordered."""

    def __init__(self) -> None:
        self._placed: dict[str, Placed] = {}
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._orders = 0
        self._called = 0

    def add(self, order: Order) -> Placed:
        """Put an order into force."""
        self._orders += 1
        placed = Placed(f"fault-{self._orders}", order)
        self._placed[placed.order_id] = placed
        return placed

    def all(self) -> Sequence[Placed]:
        """Orders in force, oldest first."""
        return tuple(self._placed.values())

    def find(self, order_id: str) -> Placed:
        """Raises NotFound."""
        try:
            return self._placed[order_id]
        except KeyError:
            raise NotFound(
                f"there is no order {order_id}: it was cleared, or never given"
            ) from None

    def clear(self, order_id: str = "") -> int:
        """Take an order back, or all; what they hold goes on. How many there were."""
        gone = [self.find(order_id)] if order_id else list(self._placed.values())
        for placed in gone:
            del self._placed[placed.order_id]
            placed.released.set()
            placed.progress.ring()
        return len(gone)

    def has_orders(self, rpc: str) -> bool:
        """Whether a call of this RPC needs a closer look."""
        return bool(self._placed) and any(one.order.rpc == rpc for one in self._placed.values())

    def due(self, rpc: str, words: Collection[str]) -> list[Placed]:
        """Count a call that says these words; the orders that are about it."""
        due = []
        for placed in self._placed.values():
            order = placed.order
            if order.rpc != rpc or (order.about and order.about not in words):
                continue
            placed.seen += 1
            if order.concerns(placed.seen):
                due.append(placed)
        return due

    async def wait(self, order_id: str, milestone: str, count: int, timeout_s: float) -> Placed:
        """Return when so many calls have got so far. Raises NotFound, TimeoutError."""
        placed = self.find(order_id)
        if milestone not in Milestones.ALL:
            raise Invalid(f"one waits for {', '.join(Milestones.ALL)}, not for '{milestone}'")
        if milestone == Milestones.HELD and placed.order.effect not in HOLDS:
            raise Invalid(f"{order_id} holds nothing: its effect is {placed.order.effect}")

        def is_decided() -> bool:
            return placed.reached[milestone] >= count or placed.released.is_set()

        if not await placed.progress.wait_until(is_decided, timeout_s=timeout_s):
            raise TimeoutError
        if placed.reached[milestone] < count:
            raise NotFound(f"the order {order_id} was cleared before a call had {milestone}")
        return placed

    def began(self, rpc: str, caller: str) -> Call:
        """Remember a call."""
        self._called += 1
        call = Call(self._called, rpc, caller, time.time())
        self._calls.append(call)
        return call

    def calls(self, after: int = 0) -> list[Call]:
        """Calls with a number above this one, oldest first; of very many, the last."""
        return [call for call in self._calls if call.number > after]
