"""One web request on its way through a container, as the ingress sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, Protocol

from modal_proto import api_pb2

from modal_local.calls.call import Call
from modal_local.errors import CallFailed
from modal_local.supervisor.asgi import decode_event, encode_event
from modal_local.supervisor.outcomes import call_error

UNREAD_BYTES: Final = 4 * 1024**2
"""How far one side may run ahead of the other."""
_Result = api_pb2.GenericResult


class BlobReader(Protocol):
    """Where chunks too large for a message lie."""

    def read(self, blob_id: str) -> bytes:
        """Raises NotFound."""


class ContainerWebCall:
    """Events in and out, through the channels of a call."""

    def __init__(self, call: Call, blobs: BlobReader, cancel: Callable[[Call], None]) -> None:
        self._call = call
        self._blobs = blobs
        self._cancel = cancel
        self._inward = call.data_in
        self._outward = call.data_out

    async def send(self, event: Mapping[str, Any]) -> None:
        """Pass an event to the container; waits while that is far behind."""
        self._inward.append(encode_event(event), api_pb2.DATA_FORMAT_ASGI)
        await self._inward.writable(UNREAD_BYTES)

    async def events(self) -> AsyncIterator[Mapping[str, Any]]:
        """Events from the container, until its answer is complete. Raises CallFailed."""
        index = 0
        while await self._outward.readable(index):
            chunks = self._outward.after(index)
            if not chunks:
                break
            for chunk in chunks:
                index = chunk.index
                event = decode_event(await self._data(chunk))
                self._outward.release(index)
                if event is not None:
                    yield event
        self._raise_failure()

    async def cancel(self) -> None:
        """The client has gone; the input is cancelled. Repeats safely."""
        if self._call.unfinished:
            self._cancel(self._call)

    async def _data(self, chunk: api_pb2.DataChunk) -> bytes:
        if not chunk.data_blob_id:
            return chunk.data
        return await asyncio.to_thread(self._blobs.read, chunk.data_blob_id)

    def _raise_failure(self) -> None:
        output = self._call.outputs.get(0)
        if output is None:
            raise CallFailed("the call ended without an answer")
        if output.result.status != _Result.GENERIC_STATUS_SUCCESS:
            raise call_error(output.result)
