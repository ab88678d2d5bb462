"""RPCs about apps: create, find, list, describe, keep alive, stop."""

from __future__ import annotations

import time
from collections import Counter

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import Conflict, Invalid
from modal_local.model import Execution
from modal_local.rpc.identity import author
from modal_local.rpc.message import receive
from modal_local.rpc.presence import Presence
from modal_local.rpc.publishing import Publisher
from modal_local.store.apps import STOPPED_SHOWN_S, AppRecord
from modal_local.store.store import Store

_CREATABLE = frozenset(
    {
        api_pb2.APP_STATE_INITIALIZING,
        api_pb2.APP_STATE_EPHEMERAL,
        api_pb2.APP_STATE_DETACHED,
    }
)


class AppRpc:
    """Apps as such; their versions are the matter of DeploymentRpc."""

    def __init__(
        self, store: Store, publisher: Publisher, execution: Execution, presence: Presence
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._execution = execution
        self._presence = presence

    async def AppCreate(
        self, stream: Stream[api_pb2.AppCreateRequest, api_pb2.AppCreateResponse]
    ) -> None:
        """An app to be: nothing of it serves before it is published."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        state = request.app_state or api_pb2.APP_STATE_EPHEMERAL
        if state not in _CREATABLE:
            raise Invalid(f"An app cannot be created as {api_pb2.AppState.Name(state)}.")
        app = self._store.apps.create(
            environment.environment_id, request.description, state, dict(request.tags)
        )
        self._presence.beat(app.app_id)
        page = self._page(app)
        await stream.send_message(
            api_pb2.AppCreateResponse(app_id=app.app_id, app_page_url=page, app_logs_url=page)
        )

    async def AppGetOrCreate(
        self, stream: Stream[api_pb2.AppGetOrCreateRequest, api_pb2.AppGetOrCreateResponse]
    ) -> None:
        """Look a deployed app up; make an empty one if asked to."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        app = self._store.apps.deployed(environment.environment_id, request.app_name)
        if app is None:
            if request.object_creation_type != api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING:
                app = self._publisher.deployed(environment, request.app_name)
            else:
                with self._store.database.transaction():
                    app = self._store.apps.create(
                        environment.environment_id,
                        request.app_name,
                        api_pb2.APP_STATE_INITIALIZING,
                        {},
                    )
                    self._store.apps.give_name(app.app_id, request.app_name)
                app = self._store.apps.find(app.app_id)
        await stream.send_message(
            api_pb2.AppGetOrCreateResponse(app_id=app.app_id, handle_metadata=self._handle(app))
        )

    async def AppGetByDeploymentName(
        self,
        stream: Stream[
            api_pb2.AppGetByDeploymentNameRequest, api_pb2.AppGetByDeploymentNameResponse
        ],
    ) -> None:
        """The deployed app of a name, or the one that had it last."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        response = api_pb2.AppGetByDeploymentNameResponse(environment_name=environment.name)
        app = self._store.apps.deployed(environment.environment_id, request.name)
        if app is not None:
            response.app_id = app.app_id
        else:
            app = self._store.apps.last_stopped(environment.environment_id, request.name)
            if app is not None:
                response.previous_app_id = app.app_id
        if app is not None:
            response.lifecycle.CopyFrom(lifecycle(app))
        await stream.send_message(response)

    async def AppLookup(
        self, stream: Stream[api_pb2.AppLookupRequest, api_pb2.AppLookupResponse]
    ) -> None:
        """The id of a deployed app."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        app = self._publisher.deployed(environment, request.app_name)
        await stream.send_message(api_pb2.AppLookupResponse(app_id=app.app_id))

    async def AppGetLayout(
        self, stream: Stream[api_pb2.AppGetLayoutRequest, api_pb2.AppGetLayoutResponse]
    ) -> None:
        """Functions and classes of the version that serves."""
        request = await receive(stream)
        app = self._store.apps.find(request.app_id)
        deployment = self._store.deployments.current(app)
        layout = deployment.layout if deployment is not None else api_pb2.AppLayout()
        await stream.send_message(api_pb2.AppGetLayoutResponse(app_layout=layout))

    async def AppGetLifecycle(
        self, stream: Stream[api_pb2.AppGetLifecycleRequest, api_pb2.AppGetLifecycleResponse]
    ) -> None:
        """When an app was created, deployed, stopped."""
        request = await receive(stream)
        app = self._store.apps.find(request.app_id)
        await stream.send_message(api_pb2.AppGetLifecycleResponse(lifecycle=lifecycle(app)))

    async def AppGetInfo(
        self, stream: Stream[api_pb2.AppGetInfoRequest, api_pb2.AppGetInfoResponse]
    ) -> None:
        """An app with a summary of its functions."""
        request = await receive(stream)
        app = self._store.apps.find(request.app_id)
        response = api_pb2.AppGetInfoResponse(info=self._handle(app))
        deployment = self._store.deployments.current(app)
        for function_id, definition_id in (deployment.definitions if deployment else {}).items():
            data = self._store.functions.definition(definition_id).data
            response.function_info_summaries[function_id].CopyFrom(_summary(data))
        await stream.send_message(response)

    async def AppList(
        self, stream: Stream[api_pb2.AppListRequest, api_pb2.AppListResponse]
    ) -> None:
        """Apps of an environment that run, or ended lately."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        running = Counter(facts.app_id for facts in self._execution.containers())
        oldest = time.time() - STOPPED_SHOWN_S
        items = [
            api_pb2.AppListResponse.AppListItem(
                app_id=app.app_id,
                description=app.description,
                name=app.name,
                state=app.state,
                created_at=app.created_at,
                stopped_at=app.stopped_at,
                n_running_tasks=running[app.app_id],
                metadata=self._handle(app),
            )
            for app in self._store.apps.of_environment(environment.environment_id)
            if not app.is_stopped or app.stopped_at > oldest
        ]
        await stream.send_message(api_pb2.AppListResponse(apps=items))

    async def AppHeartbeat(self, stream: Stream[api_pb2.AppHeartbeatRequest, Empty]) -> None:
        """A client that deploys or runs this app is still there."""
        request = await receive(stream)
        self._store.apps.find(request.app_id)
        self._presence.beat(request.app_id)
        await stream.send_message(Empty())

    async def AppClientDisconnect(
        self, stream: Stream[api_pb2.AppClientDisconnectRequest, Empty]
    ) -> None:
        """The client goes: apps that live with it end, deployed ones do not."""
        request = await receive(stream)
        app = self._store.apps.find(request.app_id)
        if app.state in {api_pb2.APP_STATE_INITIALIZING, api_pb2.APP_STATE_EPHEMERAL}:
            await self._publisher.stop(app.app_id, "")
        elif app.state == api_pb2.APP_STATE_DETACHED:
            self._store.apps.set_state(app.app_id, api_pb2.APP_STATE_DETACHED_DISCONNECTED)
        await stream.send_message(Empty())

    async def AppStop(self, stream: Stream[api_pb2.AppStopRequest, Empty]) -> None:
        """End an app for good."""
        request = await receive(stream)
        app = self._store.apps.find(request.app_id)
        if app.state == api_pb2.APP_STATE_STOPPED:
            raise Conflict(f"App '{app.name or app.description}' is stopped already.")
        await self._publisher.stop(app.app_id, author(stream, self._store.service_users))
        await stream.send_message(Empty())

    async def AppSetTags(self, stream: Stream[api_pb2.AppSetTagsRequest, Empty]) -> None:
        """Replace an app's tags."""
        request = await receive(stream)
        self._store.apps.find(request.app_id)
        self._store.apps.set_tags(request.app_id, dict(request.tags))
        await stream.send_message(Empty())

    async def AppGetTags(
        self, stream: Stream[api_pb2.AppGetTagsRequest, api_pb2.AppGetTagsResponse]
    ) -> None:
        """An app's tags."""
        request = await receive(stream)
        tags = self._store.apps.find(request.app_id).tags
        await stream.send_message(api_pb2.AppGetTagsResponse(tags=tags))

    def _page(self, app: AppRecord) -> str:
        """There is no page about apps here; the name says which is meant."""
        return f"local:{app.environment}/{app.name or app.description or app.app_id}"

    def _handle(self, app: AppRecord) -> api_pb2.AppHandleMetadata:
        deployment = self._store.deployments.current(app)
        handle = api_pb2.AppHandleMetadata(
            description=app.description,
            app_id=app.app_id,
            environment_name=app.environment,
            lifecycle=lifecycle(app),
        )
        for tag, function_id in (deployment.layout.function_ids if deployment else {}).items():
            definition_id = deployment.definitions[function_id] if deployment else ""
            is_server = self._store.functions.definition(definition_id).data.is_server
            (handle.servers if is_server else handle.functions)[tag] = function_id
        return handle


def lifecycle(app: AppRecord) -> api_pb2.AppLifecycle:
    """The dates of an app."""
    return api_pb2.AppLifecycle(
        app_state=app.state,
        created_at=app.created_at,
        created_by=app.created_by,
        deployed_at=app.deployed_at,
        deployed_by=app.deployed_by,
        version=app.version,
        stopped_at=app.stopped_at,
        stopped_by=app.stopped_by,
    )


def _summary(data: api_pb2.FunctionData) -> api_pb2.AppGetInfoResponse.FunctionInfoSummary:
    configs = [data.webhook_config]
    configs += [method.webhook_config for method in data.method_definitions.values()]
    web = [config for config in configs if config.type != api_pb2.WEBHOOK_TYPE_UNSPECIFIED]
    summary = api_pb2.AppGetInfoResponse.FunctionInfoSummary(
        gpu_config=[
            ranked.function.resources.gpu_config
            for ranked in data.ranked_functions
            if ranked.function.resources.gpu_config.count
        ],
        web_function=bool(web),
        is_sessioned=data.is_sessioned,
    )
    if data.HasField("schedule"):
        summary.schedule.CopyFrom(data.schedule)
    if web:
        summary.requires_proxy_auth = all(config.requires_proxy_auth for config in web)
    elif data.is_server:
        summary.requires_proxy_auth = not data.http_config.unauthenticated
    return summary
