"""RPCs about dicts."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.rpc.collection import get_or_create
from modal_local.rpc.identity import author
from modal_local.rpc.message import receive
from modal_local.rpc.page import page
from modal_local.store.collections import Collection
from modal_local.store.store import Store


class DictRpc:
    """Dicts of environments, and those of one client."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._dicts = store.dicts
        self._entries = store.dict_entries

    async def DictGetOrCreate(
        self, stream: Stream[api_pb2.DictGetOrCreateRequest, api_pb2.DictGetOrCreateResponse]
    ) -> None:
        """Look one up, or make it, with what is to be in it."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        by = author(stream, self._store.service_users)
        with self._store.database.transaction():
            found, is_new = get_or_create(
                self._dicts, environment, request.deployment_name, request.object_creation_type, by
            )
            if is_new and request.data:
                entries = {entry.key: entry.value for entry in request.data}
                self._entries.update(found.collection_id, entries)
        await stream.send_message(
            api_pb2.DictGetOrCreateResponse(dict_id=found.collection_id, metadata=_shown(found))
        )

    async def DictGetById(
        self, stream: Stream[api_pb2.DictGetByIdRequest, api_pb2.DictGetByIdResponse]
    ) -> None:
        """What is known of a dict."""
        found = self._dicts.find((await receive(stream)).dict_id)
        await stream.send_message(
            api_pb2.DictGetByIdResponse(dict_id=found.collection_id, metadata=_shown(found))
        )

    async def DictList(
        self, stream: Stream[api_pb2.DictListRequest, api_pb2.DictListResponse]
    ) -> None:
        """Named dicts, newest first."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        found = page(self._dicts.of_environment(environment), request.pagination)
        dicts = [
            api_pb2.DictListResponse.DictInfo(
                name=one.name,
                created_at=one.created_at,
                dict_id=one.collection_id,
                metadata=_shown(one),
            )
            for one in found
        ]
        await stream.send_message(
            api_pb2.DictListResponse(dicts=dicts, environment_name=environment.name)
        )

    async def DictDelete(self, stream: Stream[api_pb2.DictDeleteRequest, Empty]) -> None:
        """Remove a dict with what is in it."""
        self._dicts.delete((await receive(stream)).dict_id)
        await stream.send_message(Empty())

    async def DictHeartbeat(self, stream: Stream[api_pb2.DictHeartbeatRequest, Empty]) -> None:
        """The client of a nameless dict is there."""
        self._dicts.beat((await receive(stream)).dict_id)
        await stream.send_message(Empty())

    async def DictUpdate(
        self, stream: Stream[api_pb2.DictUpdateRequest, api_pb2.DictUpdateResponse]
    ) -> None:
        """Set keys; on demand only those that are not there."""
        request = await receive(stream)
        dict_id = self._dicts.find(request.dict_id).collection_id
        entries = {entry.key: entry.value for entry in request.updates}
        created = self._entries.update(dict_id, entries, only_new=request.if_not_exists)
        await stream.send_message(api_pb2.DictUpdateResponse(created=created))

    async def DictGet(
        self, stream: Stream[api_pb2.DictGetRequest, api_pb2.DictGetResponse]
    ) -> None:
        """The value of a key."""
        request = await receive(stream)
        value = self._entries.get(self._dicts.find(request.dict_id).collection_id, request.key)
        await stream.send_message(api_pb2.DictGetResponse(found=value is not None, value=value))

    async def DictPop(
        self, stream: Stream[api_pb2.DictPopRequest, api_pb2.DictPopResponse]
    ) -> None:
        """Remove a key; its value."""
        request = await receive(stream)
        value = self._entries.pop(self._dicts.find(request.dict_id).collection_id, request.key)
        await stream.send_message(api_pb2.DictPopResponse(found=value is not None, value=value))

    async def DictContains(
        self, stream: Stream[api_pb2.DictContainsRequest, api_pb2.DictContainsResponse]
    ) -> None:
        """Whether a key is there."""
        request = await receive(stream)
        value = self._entries.get(self._dicts.find(request.dict_id).collection_id, request.key)
        await stream.send_message(api_pb2.DictContainsResponse(found=value is not None))

    async def DictLen(
        self, stream: Stream[api_pb2.DictLenRequest, api_pb2.DictLenResponse]
    ) -> None:
        """How many keys there are."""
        found = self._dicts.find((await receive(stream)).dict_id)
        count = self._entries.count(found.collection_id)
        await stream.send_message(api_pb2.DictLenResponse(len=count))

    async def DictContents(
        self, stream: Stream[api_pb2.DictContentsRequest, api_pb2.DictEntry]
    ) -> None:
        """Every key, every value, or both, one message each; what goes meanwhile is left out."""
        request = await receive(stream)
        dict_id = self._dicts.find(request.dict_id).collection_id
        for key in self._entries.keys(dict_id):
            value = self._entries.get(dict_id, key)
            if value is not None:
                await stream.send_message(
                    api_pb2.DictEntry(key=key, value=value if request.values else b"")
                )

    async def DictClear(self, stream: Stream[api_pb2.DictClearRequest, Empty]) -> None:
        """Remove all keys."""
        self._entries.clear(self._dicts.find((await receive(stream)).dict_id).collection_id)
        await stream.send_message(Empty())


def _shown(found: Collection) -> api_pb2.DictMetadata:
    return api_pb2.DictMetadata(
        name=found.name,
        creation_info=api_pb2.CreationInfo(
            created_at=found.created_at, created_by=found.created_by
        ),
    )
