"""Between the gate and the method of an RPC: what was ordered to go wrong goes wrong here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream

from modal_local.errors import LocalModalError
from modal_local.faults.book import FaultBook, Milestones, Placed
from modal_local.faults.order import Effect
from modal_local.rpc.access import TOKEN_SECRET_HEADER
from modal_local.rpc.identity import TASK_HEADER, TOKEN_ID_HEADER

Method = Callable[[Stream[Any, Any]], Awaitable[None]]
_SECRET_HEADERS: Final = frozenset({TOKEN_ID_HEADER, TOKEN_SECRET_HEADER, TASK_HEADER})


class Interceptor:
    """Lets calls through to their methods, but for those that an order is about."""

    def __init__(self, book: FaultBook, app_of: Callable[[str], str]) -> None:
        self._book = book
        self._app_of = app_of

    async def through(self, rpc: str, stream: Stream[Any, Any], method: Method) -> None:
        """Answer one call. Raises what the method raises, or what was ordered."""
        call = self._book.began(rpc, _caller(stream))
        try:
            if self._book.has_orders(rpc):
                await self._watched(rpc, stream, method)
            else:
                await method(stream)
        finally:
            call.is_over = True

    async def _watched(self, rpc: str, stream: Stream[Any, Any], method: Method) -> None:
        message = await stream.recv_message()
        orders = self._book.due(rpc, frozenset(self._words(message, stream)))
        heard = Heard(stream, message)
        for placed in orders:
            placed.mark(Milestones.BEGUN)
        try:
            for placed in orders:
                await _before(placed)
            if any(_replies_late(placed) for placed in orders):
                await _answer_late(heard, method, orders)
            else:
                await method(heard)  # type: ignore[arg-type]  # a stream to all who use it
        finally:
            for placed in orders:
                placed.mark(Milestones.ENDED)

    def _words(self, message: Any, stream: Stream[Any, Any]) -> Iterator[str]:
        """What a call says: texts of its fields and headers, names of apps that its ids are of."""
        for field, value in message.ListFields() if message is not None else ():
            if field.type == field.TYPE_STRING and not field.is_repeated:
                yield value
                name = self._app_of(value)
                if name:
                    yield name
        for name, value in (stream.metadata or {}).items():
            if name not in _SECRET_HEADERS and isinstance(value, str):
                yield value


class Heard:
    """The stream of a call whose one message has been read already."""

    def __init__(self, stream: Stream[Any, Any], message: Any) -> None:
        self._stream = stream
        self._message = message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def recv_message(self) -> Any:
        """The message."""
        message, self._message = self._message, None
        return message


class Withheld(Heard):
    """One whose answer is kept back."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(heard._stream, heard._message)  # noqa: SLF001 - of the same kind
        self._kept: list[Any] = []

    async def send_message(self, message: Any) -> None:
        """Keep a message for later."""
        self._kept.append(message)

    async def send_kept(self) -> None:
        """Answer after all."""
        for message in self._kept:
            await self._stream.send_message(message)


def _caller(stream: Stream[Any, Any]) -> str:
    address: object = stream.peer.addr()
    return ":".join(map(str, address)) if isinstance(address, tuple) else str(address or "")


def _replies_late(placed: Placed) -> bool:
    return placed.order.effect in {Effect.LOSE_REPLY, Effect.HOLD_REPLY}


async def _before(placed: Placed) -> None:
    """What happens to a call before its method has it. Raises GRPCError."""
    match placed.order.effect:
        case Effect.SLOW:
            await asyncio.sleep(placed.order.slow_s)
        case Effect.HOLD:
            await _held(placed)
        case Effect.REFUSE:
            raise GRPCError(
                Status[placed.order.status], f"{placed.order.rpc} is refused: {placed.order_id}"
            )


async def _held(placed: Placed) -> None:
    placed.mark(Milestones.HELD)
    await placed.released.wait()


async def _answer_late(heard: Heard, method: Method, orders: Sequence[Placed]) -> None:
    """Carry a call out, and then see whether there is to be an answer."""
    withheld = Withheld(heard)
    refusal: Exception | None = None
    try:
        await method(withheld)  # type: ignore[arg-type]  # likewise
    except (LocalModalError, GRPCError) as error:
        refusal = error
    for placed in orders:
        if placed.order.effect is Effect.HOLD_REPLY:
            await _held(placed)
        elif placed.order.effect is Effect.LOSE_REPLY:
            _reset_connection(heard)
            return
    if refusal is not None:
        raise refusal
    await withheld.send_kept()


def _reset_connection(heard: Heard) -> None:
    """Cut the caller off, as a network would: every call on this connection loses its answer."""
    heard._stream._stream._transport.abort()  # noqa: SLF001 - grpclib has no public way
