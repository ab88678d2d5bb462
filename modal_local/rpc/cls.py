"""RPCs about classes."""

from __future__ import annotations

from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.rpc.message import receive
from modal_local.rpc.publishing import Publisher
from modal_local.store.store import Store


class ClsRpc:
    """Classes of apps; all they do is in their one function."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    async def ClassCreate(
        self, stream: Stream[api_pb2.ClassCreateRequest, api_pb2.ClassCreateResponse]
    ) -> None:
        """A class of an app."""
        request = await receive(stream)
        self._store.apps.find(request.app_id)
        class_id = self._store.functions.make_class(request.app_id, request.existing_class_id)
        await stream.send_message(
            api_pb2.ClassCreateResponse(
                class_id=class_id, handle_metadata=api_pb2.ClassHandleMetadata()
            )
        )

    async def ClassGet(
        self, stream: Stream[api_pb2.ClassGetRequest, api_pb2.ClassGetResponse]
    ) -> None:
        """Look a class up by its name."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        app = self._publisher.deployed(environment, request.app_name)
        version = request.app_version or app.version
        layout = (
            self._store.deployments.find(app.app_id, version).layout
            if version
            else api_pb2.AppLayout()
        )
        class_id = dict(layout.class_ids).get(request.object_tag)
        if class_id is None:
            known = ", ".join(sorted(layout.class_ids)) or "none"
            raise NotFound(f"App '{app.name}' has no class '{request.object_tag}'; it has: {known}")
        await stream.send_message(
            api_pb2.ClassGetResponse(
                class_id=class_id, handle_metadata=api_pb2.ClassHandleMetadata()
            )
        )
