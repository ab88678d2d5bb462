"""The way out of a container that has a network of its own: an HTTP proxy, as its variables name.

Tunnels (CONNECT, for https) and plain requests (with a whole address) are passed on.
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import SplitResult, urlsplit

from modal_local.supervisor.splice import Connection, splice

_CONNECTED_S: Final = 30.0


async def pass_on_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection of a client."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        outer, opening = await _connect(head)
    except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError) as error:
        reason = str(error).replace("\r", " ").replace("\n", " ") or "no answer in time"
        writer.write(f"HTTP/1.1 502 {reason}\r\ncontent-length: 0\r\n\r\n".encode())
        writer.close()
        return
    if opening:
        outer[1].write(opening)
    else:
        writer.write(b"HTTP/1.1 200 connected\r\n\r\n")
    await splice((reader, writer), outer)


async def _connect(head: bytes) -> tuple[Connection, bytes]:
    """The connection that a request asks for, and what is to be sent first: nothing for a tunnel.

    Raises OSError, ValueError, TimeoutError.
    """
    request, _, rest = head.partition(b"\r\n")
    method, target, version = request.decode("latin-1").split()
    if method == "CONNECT":
        return await _open(urlsplit(f"//{target}"), 443), b""
    address = urlsplit(target)
    if address.scheme != "http":
        raise ValueError(f"{address.scheme or 'no'} scheme: only http and tunnels are passed on")
    path = address._replace(scheme="", netloc="").geturl() or "/"
    kept = [line for line in rest.split(b"\r\n") if not line.lower().startswith(b"proxy-")]
    # one request a connection: the next may be for another host
    kept = [line for line in kept if not line.lower().startswith(b"connection:")]
    first = f"{method} {path} {version}\r\nconnection: close\r\n".encode("latin-1")
    return await _open(address, 80), first + b"\r\n".join(kept)


async def _open(address: SplitResult, usual_port: int) -> Connection:
    if not address.hostname:
        raise ValueError("no host is named")
    async with asyncio.timeout(_CONNECTED_S):
        return await asyncio.open_connection(address.hostname, address.port or usual_port)
