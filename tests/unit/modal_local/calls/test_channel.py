"""Streams of chunks between a call and its container."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from modal_proto import api_pb2

from modal_local.calls.channel import Channel

PICKLE = api_pb2.DATA_FORMAT_PICKLE


def a_channel(*sizes: int, kept_bytes: int = 0) -> Channel:
    channel = Channel(kept_bytes=kept_bytes)
    for size in sizes:
        channel.append(b"x" * size, PICKLE)
    return channel


def indexes(channel: Channel, after: int = 0) -> list[int]:
    return [chunk.index for chunk in channel.after(after)]


def test_chunks_are_numbered_from_one() -> None:
    assert indexes(a_channel(1, 1, 1)) == [1, 2, 3]


def test_reading_goes_on_after_any_number() -> None:
    assert indexes(a_channel(1, 1, 1), after=2) == [3]
    assert indexes(a_channel(1), after=9) == []


def test_a_repeated_attempt_writes_nothing_twice() -> None:
    channel = a_channel(1, 1)
    channel.put([api_pb2.DataChunk(index=n, data=b"again") for n in (1, 2, 3)])
    assert [chunk.data for chunk in channel.after(0)] == [b"x", b"x", b"again"]


def test_what_was_passed_is_dropped() -> None:
    channel = a_channel(10, 10, 10)
    channel.release(2)
    assert (indexes(channel), channel.size, channel.is_whole) == ([3], 10, False)
    assert channel.last_index == 3


def test_what_may_be_read_again_is_kept() -> None:
    channel = a_channel(10, 10, 10, kept_bytes=20)
    channel.release(2)
    assert indexes(channel) == [1, 2, 3]
    assert channel.is_whole
    channel.release(3)
    assert indexes(channel) == [2, 3]


def test_an_empty_channel_is_whole() -> None:
    assert a_channel().is_whole


@given(st.lists(st.integers(0, 50), max_size=20), st.data(), st.integers(0, 100))
def test_nothing_unread_is_ever_lost(
    sizes: list[int], data: st.DataObject, kept_bytes: int
) -> None:
    channel = a_channel(*sizes, kept_bytes=kept_bytes)
    passed = 0
    for _ in range(data.draw(st.integers(0, 5))):
        passed = max(passed, data.draw(st.integers(0, len(sizes))))
        channel.release(data.draw(st.integers(0, passed)))
        assert indexes(channel, after=passed) == list(range(passed + 1, len(sizes) + 1))
        assert channel.last_index == len(sizes)


async def test_a_reader_wakes_for_a_chunk_and_for_the_end() -> None:
    channel = a_channel()
    reading = asyncio.create_task(channel.readable(0))
    await asyncio.sleep(0)
    channel.append(b"x", PICKLE)
    assert await reading
    ending = asyncio.create_task(channel.readable(1))
    await asyncio.sleep(0)
    channel.close()
    assert await ending
    assert channel.after(1) == []


async def test_a_reader_waits_no_longer_than_it_wants() -> None:
    assert not await a_channel().readable(0, timeout_s=0.0)


async def test_a_writer_waits_for_its_reader() -> None:
    channel = a_channel(100)
    writing = asyncio.create_task(channel.writable(50))
    await asyncio.sleep(0)
    assert not writing.done()
    channel.release(1)
    await writing
