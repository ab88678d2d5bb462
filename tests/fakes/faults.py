"""Faults to order in a local Modal under test, and what to wait for instead of sleeping.

with ordered_faults(server) as faults:
    order = faults.hold("AppPublish", about="my-app")
    running = project.start("up", ...)
    faults.wait(order)                  # the call has come, and is held
    running.kill()
    faults.clear()
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from modal_local.commands.ordering import ask_faults
from modal_local.errors import LocalModalError
from modal_local.faults.book import Milestones
from modal_local.faults.order import Effect
from modal_local.settings import Access, Home, read_access
from tests.fakes.local_modal import LocalModalServer

DEADLINE_S = 90.0


@dataclass(frozen=True)
class Faults:
    """The orders of one server."""

    server: LocalModalServer

    def order(self, rpc: str, effect: Effect, **more: Any) -> str:
        """Put an order into force; its id."""
        return str(self.ask("Add", rpc=rpc, effect=str(effect), **more)["order_id"])

    def hold(self, rpc: str, **more: Any) -> str:
        """The call waits before it does anything, until the order is cleared."""
        return self.order(rpc, Effect.HOLD, **more)

    def wait(self, order_id: str, reached: str = Milestones.HELD, count: int = 1) -> None:
        """Wait until a call of this order has got so far; fails when none does in time."""
        asked = {"order_id": order_id, "reached": reached, "count": count}
        self.ask("Wait", timeout_s=DEADLINE_S, **asked)

    def seen(self) -> dict[str, int]:
        """Calls that each order was about, so far."""
        orders = self.ask("List").get("orders", [])
        return {one["order_id"]: one["reached"][Milestones.BEGUN] for one in orders}

    def clear(self, order_id: str = "") -> None:
        """Take an order back, or all."""
        self.ask("Clear", order_id=order_id)

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        """Calls that were made: number, rpc and caller of each."""
        return list(self.ask("Calls", after=after).get("calls", []))

    def last_call(self) -> int:
        """The number of the latest call."""
        made = self.calls()
        return int(made[-1]["number"]) if made else 0

    def ask(self, method: str, **asked: Any) -> dict[str, Any]:
        """Anything of the service."""
        return ask_faults(self._access, method, asked, DEADLINE_S + 10)

    @property
    def _access(self) -> Access:
        access = read_access(Home(self.server.home))
        assert access is not None
        return access


@contextmanager
def ordered_faults(server: LocalModalServer) -> Iterator[Faults]:
    """The orders of a server; none is left after the block."""
    faults = Faults(server)
    try:
        yield faults
    finally:
        with suppress(LocalModalError):  # the server was killed: its orders are gone
            faults.clear()
