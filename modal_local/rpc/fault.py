"""The service through which faults are ordered: beside Modal's own, on the same port.

Its messages are maps (`google.protobuf.Struct`), for only the local Modal's own command line and
tests call it. Clients need the token, as for all else; containers are refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream

from modal_local.errors import Invalid, LocalModalError, NotFound
from modal_local.faults.book import FaultBook, Milestones, Placed
from modal_local.faults.order import parse_order
from modal_local.model import ContainerFacts
from modal_local.rpc.access import Guard
from modal_local.rpc.message import receive
from modal_local.rpc.refusal import grpc_error
from modal_local.supervisor.execution import LocalExecution

SERVICE: Final = "modal_local.Faults"
_LONGEST_WAIT_S: Final = 600.0
_Answer = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class FaultService:
    """Orders, and what became of them."""

    def __init__(
        self, guard: Guard, book: FaultBook, execution: LocalExecution, rpcs: Sequence[str]
    ) -> None:
        self._guard = guard
        self._book = book
        self._execution = execution
        self._rpcs = rpcs

    def __mapping__(self) -> dict[str, Handler]:
        answers: dict[str, _Answer] = {
            "Add": self._add,
            "List": self._list,
            "Clear": self._clear,
            "Wait": self._wait,
            "Calls": self._calls,
            "KillContainer": self._kill,
            "Preempt": self._preempt,
        }
        return {
            f"/{SERVICE}/{name}": Handler(
                self._door(name, answer), Cardinality.UNARY_UNARY, Struct, Struct
            )
            for name, answer in answers.items()
        }

    def _door(self, name: str, answer: _Answer) -> Callable[[Stream[Any, Any]], Awaitable[None]]:
        async def door(stream: Stream[Any, Any]) -> None:
            self._guard.admit(f"{SERVICE}/{name}", stream)
            asked = json_format.MessageToDict(await receive(stream))
            try:
                said = await answer(asked)
            except TimeoutError as error:
                raise GRPCError(Status.DEADLINE_EXCEEDED, "it did not come to pass") from error
            except LocalModalError as error:
                raise grpc_error(error) from error
            reply = Struct()
            reply.update(dict(said))
            await stream.send_message(reply)

        return door

    async def _add(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return _view(self._book.add(parse_order(asked, self._rpcs)))

    async def _list(self, _asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"orders": [_view(placed) for placed in self._book.all()]}

    async def _clear(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"cleared": self._book.clear(str(asked.get("order_id", "")))}

    async def _wait(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        placed = await self._book.wait(
            str(asked.get("order_id", "")),
            str(asked.get("reached", Milestones.BEGUN)),
            int(asked.get("count", 1)),
            min(float(asked.get("timeout_s", _LONGEST_WAIT_S)), _LONGEST_WAIT_S),
        )
        return _view(placed)

    async def _calls(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"calls": [asdict(call) for call in self._book.calls(int(asked.get("after", 0)))]}

    async def _kill(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        meant = self._meant(asked)
        for facts in meant:
            await self._execution.kill_container(facts.task_id)
        return {"containers": [facts.task_id for facts in meant]}

    async def _preempt(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        meant = self._meant(asked)
        for facts in meant:
            await self._execution.preempt_container(facts.task_id)
        return {"containers": [facts.task_id for facts in meant]}

    def _meant(self, asked: Mapping[str, Any]) -> list[ContainerFacts]:
        """One container by its id, or all of an app. Raises NotFound."""
        wanted = str(asked.get("container", ""))
        if not wanted:
            raise Invalid("name a container, or an app")
        found = [
            facts
            for facts in self._execution.containers()
            if wanted in {facts.task_id, facts.app_id, facts.app_name}
        ]
        if not found:
            raise NotFound(f"no container of that id runs, and none of an app '{wanted}'")
        return found


def _view(placed: Placed) -> dict[str, Any]:
    """An order as people see it."""
    order = asdict(placed.order)
    return {
        "order_id": placed.order_id,
        **order,
        "effect": str(placed.order.effect),
        "seen": placed.seen,
        "reached": dict(placed.reached),
    }
