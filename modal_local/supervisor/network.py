"""A network of a container's own, as the server sees it: what it may reach, and how it is reached.

The container listens on whatever port it likes, without meeting another container; the server
accepts in its stead on the ports it needs (RPCs, blobs, a proxy to the world) and passes them on.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from modal_local.errors import LocalModalError
from modal_local.settings import LOOPBACK
from modal_local.supervisor.outbound import pass_on_request
from modal_local.supervisor.splice import splice

_Acceptor = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ADDRESS: Final = "10.100.0.2"
"""Of eth0, in every container."""
PROXY_PORT: Final = 3128
_ARRANGED_S: Final = 20.0
_MOST_SOCKETS: Final = 8


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """What the launcher of a container is told of its network."""

    control: int
    """Descriptor of its end of the line to the server."""
    ports: Sequence[int]
    address: str = ADDRESS


class ContainerNetwork:
    """One container's network, from before its start until its end."""

    def __init__(self, local_ports: Sequence[int]) -> None:
        """`local_ports`: of this machine, to be reached from the container."""
        kind = socket.SOCK_SEQPACKET
        self._control, self._theirs = socket.socketpair(socket.AF_UNIX, kind)
        self._local_ports = tuple(local_ports)
        self._servers: list[asyncio.Server] = []
        self._dialing = asyncio.Lock()

    @property
    def plan(self) -> NetworkPlan:
        """For the launcher."""
        return NetworkPlan(self._theirs.fileno(), [*self._local_ports, PROXY_PORT])

    @property
    def variables(self) -> dict[str, str]:
        """What points libraries in the container at its way out."""
        proxy = f"http://{LOOPBACK}:{PROXY_PORT}"
        near = f"localhost,{LOOPBACK},{ADDRESS}"
        values = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": near}
        return {**values, **{name.upper(): value for name, value in values.items()}}

    async def open(self) -> None:
        """The container's process has been started: serve it. Raises LocalModalError."""
        self._theirs.close()
        descriptors = await self._receive()
        if len(descriptors) != len(self._local_ports) + 1:
            raise LocalModalError("the container's network could not be arranged")
        listeners = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        for listener, port in zip(listeners, self._local_ports, strict=False):
            self._servers.append(await asyncio.start_server(self._to(port), sock=listener))
        proxy = await asyncio.start_server(pass_on_request, sock=listeners[-1])
        self._servers.append(proxy)

    async def dial(self, port: int) -> socket.socket:
        """A socket connected to a port of the container. Raises OSError."""
        async with self._dialing:
            await asyncio.to_thread(self._control.send, b"d")
            descriptors = await self._receive()
        if not descriptors:
            raise ConnectionRefusedError("the container has gone")
        fresh = socket.socket(fileno=descriptors[0])
        fresh.setblocking(False)  # noqa: FBT003 - the socket module's signature
        try:
            await asyncio.get_running_loop().sock_connect(fresh, (ADDRESS, port))
        except BaseException:
            fresh.close()
            raise
        return fresh

    def close(self) -> None:
        """The container has gone. Repeats safely."""
        for server in self._servers:
            server.close()
        for end in (self._control, self._theirs):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes who still waits for an answer
            end.close()

    async def _receive(self) -> list[int]:
        """Descriptors that the container's side sends; none when it has gone."""

        def wait() -> list[int]:
            _, descriptors, _, _ = socket.recv_fds(self._control, 64, _MOST_SOCKETS)
            return descriptors

        try:
            async with asyncio.timeout(_ARRANGED_S):
                return await asyncio.to_thread(wait)
        except (OSError, TimeoutError):
            return []

    @staticmethod
    def _to(port: int) -> _Acceptor:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                outer = await asyncio.open_connection(LOOPBACK, port)
            except OSError:
                writer.close()
                return
            await splice((reader, writer), outer)

        return accept
