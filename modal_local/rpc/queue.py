"""RPCs about queues."""

from __future__ import annotations

import asyncio

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.bell import Bell
from modal_local.rpc.collection import get_or_create
from modal_local.rpc.identity import author
from modal_local.rpc.message import position, receive
from modal_local.rpc.page import page
from modal_local.store.collections import Collection
from modal_local.store.queue_items import DEFAULT_TTL_S
from modal_local.store.store import Store


class QueueRpc:
    """Queues of environments, and those of one client."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queues = store.queues
        self._items = store.queue_items
        self._changed = Bell()

    async def QueueGetOrCreate(
        self, stream: Stream[api_pb2.QueueGetOrCreateRequest, api_pb2.QueueGetOrCreateResponse]
    ) -> None:
        """Look one up, or make it."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        by = author(stream, self._store.service_users)
        found, _ = get_or_create(
            self._queues, environment, request.deployment_name, request.object_creation_type, by
        )
        await stream.send_message(
            api_pb2.QueueGetOrCreateResponse(queue_id=found.collection_id, metadata=_shown(found))
        )

    async def QueueGetById(
        self, stream: Stream[api_pb2.QueueGetByIdRequest, api_pb2.QueueGetByIdResponse]
    ) -> None:
        """What is known of a queue."""
        found = self._queues.find((await receive(stream)).queue_id)
        await stream.send_message(
            api_pb2.QueueGetByIdResponse(queue_id=found.collection_id, metadata=_shown(found))
        )

    async def QueueList(
        self, stream: Stream[api_pb2.QueueListRequest, api_pb2.QueueListResponse]
    ) -> None:
        """Named queues, newest first, and how much is in them."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        queues = [
            api_pb2.QueueListResponse.QueueInfo(
                name=one.name,
                created_at=one.created_at,
                num_partitions=self._items.partitions(one.collection_id),
                total_size=self._size(one.collection_id, request.total_size_limit),
                queue_id=one.collection_id,
                metadata=_shown(one),
            )
            for one in page(self._queues.of_environment(environment), request.pagination)
        ]
        await stream.send_message(
            api_pb2.QueueListResponse(queues=queues, environment_name=environment.name)
        )

    async def QueueDelete(self, stream: Stream[api_pb2.QueueDeleteRequest, Empty]) -> None:
        """Remove a queue with what is in it; who waits for an item is told."""
        self._queues.delete((await receive(stream)).queue_id)
        self._changed.ring()
        await stream.send_message(Empty())

    async def QueueHeartbeat(self, stream: Stream[api_pb2.QueueHeartbeatRequest, Empty]) -> None:
        """The client of a nameless queue is there."""
        self._queues.beat((await receive(stream)).queue_id)
        await stream.send_message(Empty())

    async def QueuePut(self, stream: Stream[api_pb2.QueuePutRequest, Empty]) -> None:
        """Add items at the end of a partition, all or none."""
        request = await receive(stream)
        queue_id = self._queues.find(request.queue_id).collection_id
        ttl_s = request.partition_ttl_seconds or DEFAULT_TTL_S
        self._items.put(queue_id, request.partition_key, request.values, ttl_s)
        self._changed.ring()
        await stream.send_message(Empty())

    async def QueueGet(
        self, stream: Stream[api_pb2.QueueGetRequest, api_pb2.QueueGetResponse]
    ) -> None:
        """Take the first items; wait for one as long as asked."""
        request = await receive(stream)
        values: list[bytes] = []
        end = asyncio.get_running_loop().time() + request.timeout
        while not values and await self._filled(request.queue_id, request.partition_key, 0, end):
            values = self._items.take(
                request.queue_id, request.partition_key, max(request.n_values, 1)
            )  # another one may have been quicker
        await stream.send_message(api_pb2.QueueGetResponse(values=values))

    async def QueueNextItems(
        self, stream: Stream[api_pb2.QueueNextItemsRequest, api_pb2.QueueNextItemsResponse]
    ) -> None:
        """Items behind the last one seen; they stay. Waits for one as long as asked."""
        request = await receive(stream)
        last = position(request.last_entry_id)
        end = asyncio.get_running_loop().time() + request.item_poll_timeout
        await self._filled(request.queue_id, request.partition_key, last, end)
        found = self._items.after(request.queue_id, request.partition_key, last)
        items = [api_pb2.QueueItem(value=item.value, entry_id=str(item.entry)) for item in found]
        await stream.send_message(api_pb2.QueueNextItemsResponse(items=items))

    async def QueueLen(
        self, stream: Stream[api_pb2.QueueLenRequest, api_pb2.QueueLenResponse]
    ) -> None:
        """How many items there are in a partition, or in all."""
        request = await receive(stream)
        queue_id = self._queues.find(request.queue_id).collection_id
        partition = None if request.total else request.partition_key
        count = self._items.count(queue_id, partition)
        await stream.send_message(api_pb2.QueueLenResponse(len=count))

    async def QueueClear(self, stream: Stream[api_pb2.QueueClearRequest, Empty]) -> None:
        """Empty a partition, or all of them."""
        request = await receive(stream)
        queue_id = self._queues.find(request.queue_id).collection_id
        self._items.clear(queue_id, None if request.all_partitions else request.partition_key)
        await stream.send_message(Empty())

    async def _filled(self, queue_id: str, partition: bytes, entry: int, end: float) -> bool:
        """Whether there is an item behind this entry, now or before the end. Raises NotFound."""

        def holds() -> bool:
            self._queues.find(queue_id)
            return self._items.has_more(queue_id, partition, entry)

        left_s = max(0.0, end - asyncio.get_running_loop().time())
        return await self._changed.wait_until(holds, timeout_s=left_s)

    def _size(self, queue_id: str, limit: int) -> int:
        count = self._items.count(queue_id, None)
        return min(count, limit) if limit > 0 else count


def _shown(found: Collection) -> api_pb2.QueueMetadata:
    return api_pb2.QueueMetadata(
        name=found.name,
        creation_info=api_pb2.CreationInfo(
            created_at=found.created_at, created_by=found.created_by
        ),
    )
