"""Two connections joined: what comes in at one goes out at the other, until both have ended."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_CHUNK: Final = 64 * 1024


async def splice(one: Connection, other: Connection) -> None:
    """Returns when both have ended, or one has broken off; closes both."""
    writers = (one[1], other[1])
    try:
        async with asyncio.TaskGroup() as directions:
            directions.create_task(_copy(one[0], other[1]))
            directions.create_task(_copy(other[0], one[1]))
    except* OSError:
        pass
    finally:
        for writer in writers:
            writer.close()
        for writer in writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
