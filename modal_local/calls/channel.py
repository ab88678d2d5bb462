"""Chunks that stream in one direction of one call, numbered from 1.

What a reader has passed is kept a while, so that a broken stream can be resumed or an input be
given to a second container; what it has not read yet tells the writer to slow down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from modal_proto import api_pb2

from modal_local.bell import Bell


class Channel:
    """One stream; closed when its call has ended."""

    __slots__ = ("_bell", "_chunks", "_held", "_kept_bytes", "_passed", "_unread", "is_closed")

    def __init__(self, *, kept_bytes: int) -> None:
        """`kept_bytes`: how much stays for a second reading."""
        self._chunks: deque[api_pb2.DataChunk] = deque()
        self._bell = Bell()
        self._kept_bytes = kept_bytes
        self._held = 0
        self._unread = 0
        self._passed = 0
        self.is_closed = False

    @property
    def last_index(self) -> int:
        """Number of the newest chunk; 0 before the first."""
        return self._chunks[-1].index if self._chunks else self._passed

    @property
    def is_whole(self) -> bool:
        """Whether everything ever written can be read again."""
        return self._chunks[0].index == 1 if self._chunks else self._passed == 0

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._held

    def put(self, chunks: Iterable[api_pb2.DataChunk]) -> None:
        """Append; chunks that a repeated attempt writes again are ignored."""
        last = self.last_index
        for chunk in chunks:
            if self.is_closed or chunk.index <= last:
                continue
            last = chunk.index
            self._chunks.append(chunk)
            self._held += len(chunk.data)
            self._unread += len(chunk.data)
        self._bell.ring()

    def append(self, data: bytes, data_format: api_pb2.DataFormat.ValueType) -> None:
        """Append one chunk under the next number."""
        index = self.last_index + 1
        self.put([api_pb2.DataChunk(data=data, data_format=data_format, index=index)])

    def close(self) -> None:
        """Nothing more will come."""
        self.is_closed = True
        self._bell.ring()

    def after(self, index: int) -> Sequence[api_pb2.DataChunk]:
        """What can be read after this number."""
        if not self._chunks or self._chunks[-1].index <= index:
            return []
        return [chunk for chunk in self._chunks if chunk.index > index]

    def release(self, index: int) -> None:
        """The reader has passed this number; what need not be kept is dropped."""
        for chunk in self._chunks:
            if self._passed < chunk.index <= index:
                self._unread -= len(chunk.data)
        self._passed = max(self._passed, index)
        while (
            self._chunks
            and self._chunks[0].index <= self._passed
            and self._held - self._unread > self._kept_bytes
        ):
            self._held -= len(self._chunks.popleft().data)
        self._bell.ring()

    async def readable(self, index: int, *, timeout_s: float | None = None) -> bool:
        """Wait for chunks after this number, or for the end; False when time is up."""
        return await self._bell.wait_until(
            lambda: self.last_index > index or self.is_closed, timeout_s=timeout_s
        )

    async def reopened(self, *, timeout_s: float) -> bool:
        """Wait whether the stream goes on after its end."""
        return await self._bell.wait_until(lambda: not self.is_closed, timeout_s=timeout_s)

    async def writable(self, unread_bytes: int) -> None:
        """Wait until the reader is at most this far behind."""
        await self._bell.wait_until(
            lambda: self._unread <= unread_bytes or self.is_closed, timeout_s=None
        )
