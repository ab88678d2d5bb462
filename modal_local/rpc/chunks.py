"""Streams a channel of a call to whoever reads it."""

from __future__ import annotations

from typing import Any, Final

from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.calls.channel import Channel

_HELD_OPEN_S: Final = 60.0
"""A reader that still asks after the end would ask again at once."""


async def send_chunks(
    stream: Stream[Any, api_pb2.DataChunk], channel: Channel, last_index: int
) -> None:
    """Send what comes after `last_index`; the stream stays open a while after the end."""
    index = int(last_index)
    channel.release(index)
    while True:
        await channel.readable(index)
        chunks = channel.after(index)
        if not chunks:
            break
        for chunk in chunks:
            await stream.send_message(chunk)
            index = chunk.index
            channel.release(index)
    await channel.reopened(timeout_s=_HELD_OPEN_S)
