"""All RPCs behind one gate: credentials, then the noun's own method, errors as statuses.

A call that nobody implements answers UNIMPLEMENTED with its name. An unexpected exception is
logged with its traceback and answered with a status that clients do not repeat silently.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol

from grpclib.config import Configuration
from grpclib.const import Handler, Status
from grpclib.exceptions import GRPCError, StreamTerminatedError
from grpclib.server import Server, Stream
from modal_proto import api_grpc

from modal_local.errors import LocalModalError
from modal_local.faults.book import FaultBook
from modal_local.rpc.access import Guard
from modal_local.rpc.interception import Interceptor, Method
from modal_local.rpc.refusal import full_disk, grpc_error, is_full_disk

log = logging.getLogger(__name__)
_LARGEST_WINDOW: Final = 16 * 1024**2


def wire_handlers() -> dict[str, Handler]:
    """Every RPC of the wire, by path, with its message types."""
    base = api_grpc.ModalClientBase
    concrete = type("Wire", (base,), dict.fromkeys(base.__abstractmethods__))
    return dict(concrete().__mapping__())


def implemented(nouns: Sequence[object]) -> dict[str, Method]:
    """The method of each RPC that one of these objects has."""
    methods: dict[str, Method] = {}
    for path in wire_handlers():
        name = path.rpartition("/")[2]
        for noun in nouns:
            method = getattr(noun, name, None)
            if method is not None:
                methods[name] = method
    return methods


class Service(Protocol):
    """What grpclib serves."""

    def __mapping__(self) -> Mapping[str, Handler]: ...


class Gate:
    """The service that grpclib serves."""

    def __init__(
        self, guard: Guard, nouns: Sequence[object], interceptor: Interceptor | None = None
    ) -> None:
        self._guard = guard
        self._interceptor = interceptor or Interceptor(FaultBook(), lambda _id: "")
        self._methods: Mapping[str, Method] = implemented(nouns)

    @property
    def rpcs(self) -> Sequence[str]:
        """Names of those that are answered."""
        return sorted(self._methods)

    def __mapping__(self) -> dict[str, Handler]:
        return {
            path: handler._replace(func=self._door(path.rpartition("/")[2]))
            for path, handler in wire_handlers().items()
        }

    def _door(self, name: str) -> Method:
        method = self._methods.get(name)

        async def door(stream: Stream[Any, Any]) -> None:
            self._guard.admit(name, stream)
            if method is None:
                raise GRPCError(
                    Status.UNIMPLEMENTED, f"{name} is not implemented by the local Modal."
                )
            try:
                await self._interceptor.through(name, stream, method)
            except LocalModalError as error:
                raise grpc_error(error) from error
            except (GRPCError, StreamTerminatedError, ConnectionError):
                raise
            except Exception as error:
                if is_full_disk(error):
                    log.warning("%s: %s", name, error)
                    raise full_disk(name) from error
                log.exception("%s broke", name)
                raise GRPCError(
                    Status.FAILED_PRECONDITION,
                    f"{name} broke in the local Modal ({type(error).__name__}); its server.log "
                    "says where.",
                ) from error

        return door


def serve(
    services: Sequence[Service], listener: socket.socket
) -> AbstractAsyncContextManager[None]:
    """Answer RPCs on this listener while entered."""
    return _serving(Server(services, config=_configuration()), listener)


@asynccontextmanager
async def _serving(server: Server, listener: socket.socket) -> AsyncIterator[None]:
    await server.start(sock=listener)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


def _configuration() -> Configuration:
    return Configuration(
        http2_connection_window_size=_LARGEST_WINDOW, http2_stream_window_size=_LARGEST_WINDOW
    )
