"""RPCs about environments."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import Conflict, Invalid, NotFound
from modal_local.rpc.environment_role import WIRE_ROLES, role_name
from modal_local.rpc.identity import author
from modal_local.rpc.message import receive
from modal_local.rpc.publishing import Publisher
from modal_local.settings import IMAGE_BUILDER_VERSION
from modal_local.store.environments import Environment
from modal_local.store.store import Store


class EnvironmentRpc:
    """Environments of the workspace."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store = store
        self._environments = store.environments
        self._publisher = publisher

    async def EnvironmentGetOrCreate(
        self,
        stream: Stream[
            api_pb2.EnvironmentGetOrCreateRequest, api_pb2.EnvironmentGetOrCreateResponse
        ],
    ) -> None:
        """Look one up; make it if asked to."""
        request = await receive(stream)
        try:
            environment = self._environments.find(request.deployment_name)
        except NotFound:
            if request.object_creation_type != api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING:
                raise
            environment = self._environments.create(request.deployment_name, IMAGE_BUILDER_VERSION)
        await stream.send_message(
            api_pb2.EnvironmentGetOrCreateResponse(
                environment_id=environment.environment_id,
                metadata=api_pb2.EnvironmentMetadata(
                    name=environment.name,
                    settings=api_pb2.EnvironmentSettings(
                        image_builder_version=environment.image_builder_version,
                        webhook_suffix=environment.web_suffix,
                    ),
                ),
            )
        )

    async def EnvironmentCreate(
        self, stream: Stream[api_pb2.EnvironmentCreateRequest, Empty]
    ) -> None:
        """A new environment."""
        request = await receive(stream)
        default = request.default_member_role_str or role_name(request.default_member_role)
        if default and not request.is_managed:
            raise Invalid("A default role counts only in a restricted environment.")
        version = request.settings.image_builder_version or IMAGE_BUILDER_VERSION
        with self._store.database.transaction():
            self._environments.create(request.name, version)
            if request.settings.webhook_suffix:
                self._environments.set_web_suffix(request.name, request.settings.webhook_suffix)
            self._environments.restrict(
                request.name, is_restricted=request.is_managed, default_role=default
            )
        await stream.send_message(Empty())

    async def EnvironmentList(self, stream: Stream[Empty, api_pb2.EnvironmentListResponse]) -> None:
        """All environments."""
        await receive(stream)
        items = [_item(environment) for environment in self._environments.all()]
        await stream.send_message(api_pb2.EnvironmentListResponse(items=items))

    async def EnvironmentUpdate(
        self, stream: Stream[api_pb2.EnvironmentUpdateRequest, api_pb2.EnvironmentListItem]
    ) -> None:
        """Change its name, web suffix or image builder version."""
        request = await receive(stream)
        name = request.current_name
        with self._store.database.transaction():
            if request.HasField("image_builder_version"):
                version = request.image_builder_version or IMAGE_BUILDER_VERSION
                self._environments.set_builder_version(name, version)
            if request.HasField("name"):
                self._environments.rename(name, request.name.value)
                name = request.name.value
            if request.HasField("web_suffix"):
                environment = self._environments.find(name)
                self._publisher.set_web_suffix(environment, request.web_suffix.value)
        await self._publisher.open_urls()
        await stream.send_message(_item(self._environments.find(name)))

    async def EnvironmentDelete(
        self, stream: Stream[api_pb2.EnvironmentDeleteRequest, Empty]
    ) -> None:
        """Remove it with the apps, secrets and volumes in it."""
        request = await receive(stream)
        environment = self._environments.find(request.name)
        if environment.is_default:
            raise Conflict(f"Environment '{environment.name}' is the default and stays.")
        by = author(stream, self._store.service_users)
        for app in self._store.apps.of_environment(environment.environment_id):
            if not app.is_stopped:
                await self._publisher.stop(app.app_id, by)
        self._environments.delete(environment.name)
        self._store.volumes.drop_orphans()
        await stream.send_message(Empty())


def _item(environment: Environment) -> api_pb2.EnvironmentListItem:
    item = api_pb2.EnvironmentListItem(
        name=environment.name,
        webhook_suffix=environment.web_suffix,
        created_at=environment.created_at,
        default=environment.is_default,
        is_managed=environment.is_restricted,
        effective_role=api_pb2.ENVIRONMENT_ROLE_CONTRIBUTOR,
        environment_id=environment.environment_id,
        image_builder_version=environment.image_builder_version,
    )
    if environment.is_restricted:
        item.default_member_role = WIRE_ROLES[environment.default_role]
    return item
