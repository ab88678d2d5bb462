"""RPCs about versions of apps: publish, history, rollback, rollover, promote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import Conflict, Invalid, NotFound
from modal_local.rpc.identity import author
from modal_local.rpc.message import header, receive
from modal_local.rpc.publishing import Publisher
from modal_local.store.apps import AppRecord
from modal_local.store.deployments import Deployment, Release
from modal_local.store.identity import check_object_name, check_tag
from modal_local.store.store import Store

_CLIENT_VERSION_HEADER: Final = "x-modal-client-version"
PREVIOUS: Final = -1


class DeploymentRpc:
    """Versions of apps."""

    def __init__(self, store: Store, publisher: Publisher, server_url: str) -> None:
        self._store = store
        self._publisher = publisher
        self._server_url = server_url

    async def AppPublish(
        self, stream: Stream[api_pb2.AppPublishRequest, api_pb2.AppPublishResponse]
    ) -> None:
        """Make what was created the version that serves; nothing when nothing changed."""
        request = await receive(stream)
        app = self._store.apps.find(request.app_id)
        if request.name:
            check_object_name(request.name, "App")
        if request.deployment_tag:
            check_tag(request.deployment_tag, "Deployment tag")
        release = Release(
            layout=self._publisher.layout(request),
            name=request.name,
            tag=request.deployment_tag,
            client_version=header(stream, _CLIENT_VERSION_HEADER),
            is_staged=request.staged,
            deployed_by=author(stream, self._store.service_users),
            commit_info=request.commit_info,
        )
        if request.name or request.tags:
            self._store.apps.set_tags(app.app_id, dict(request.tags))
        if not self._store.deployments.changes(app, release):
            await stream.send_message(api_pb2.AppPublishResponse(url=self._url(app)))
            return
        deployment, warnings = await self._publisher.publish(app.app_id, release)
        await stream.send_message(
            api_pb2.AppPublishResponse(
                url=self._url(self._store.apps.find(app.app_id)),
                deployed_at=deployment.deployed_at,
                server_warnings=_warnings(warnings),
            )
        )

    async def AppDeploymentHistory(
        self,
        stream: Stream[api_pb2.AppDeploymentHistoryRequest, api_pb2.AppDeploymentHistoryResponse],
    ) -> None:
        """All versions, newest first."""
        request = await receive(stream)
        app = self._store.apps.find(request.app_id)
        versions = self._store.deployments.history(app.app_id)
        await stream.send_message(
            api_pb2.AppDeploymentHistoryResponse(
                app_deployment_histories=[_history(one, app, versions) for one in versions],
                production_app_version=app.version,
            )
        )

    async def AppRollback(
        self, stream: Stream[api_pb2.AppRollbackRequest, api_pb2.AppRollbackResponse]
    ) -> None:
        """A new version with the definitions of an older one."""
        request = await receive(stream)
        app = self._deployed(request.app_id)
        version = app.version - 1 if request.version == PREVIOUS else request.version
        if request.version != PREVIOUS and not 0 < request.version < app.version:
            raise Invalid(
                f"App '{app.name}' is at version {app.version}: it can go back to an older one, "
                f"not to {request.version}."
            )
        again = self._again(stream, app, version)
        deployment, warnings = await self._publisher.publish(app.app_id, again)
        await stream.send_message(
            api_pb2.AppRollbackResponse(
                url=self._url(app),
                deployed_at=deployment.deployed_at,
                server_warnings=_warnings(warnings),
            )
        )

    async def AppRollover(
        self, stream: Stream[api_pb2.AppRolloverRequest, api_pb2.AppRolloverResponse]
    ) -> None:
        """The same definitions as a new version: fresh containers."""
        request = await receive(stream)
        app = self._deployed(request.app_id)
        again = self._again(stream, app, app.version)
        deployment, warnings = await self._publisher.publish(app.app_id, again)
        await stream.send_message(
            api_pb2.AppRolloverResponse(
                url=self._url(app),
                deployed_at=deployment.deployed_at,
                server_warnings=_warnings(warnings),
            )
        )

    async def AppPromote(
        self, stream: Stream[api_pb2.AppPromoteRequest, api_pb2.AppPromoteResponse]
    ) -> None:
        """A staged version begins to serve, as a new version."""
        request = await receive(stream)
        app = self._deployed(request.app_id)
        staged = self._store.deployments.find(app.app_id, request.version)
        if not staged.is_staged:
            raise Invalid(f"Version {request.version} of app '{app.name}' was not staged.")
        again = self._again(stream, app, request.version)
        deployment, warnings = await self._publisher.publish(app.app_id, again)
        await stream.send_message(
            api_pb2.AppPromoteResponse(
                url=self._url(app),
                deployed_at=deployment.deployed_at,
                server_warnings=_warnings(warnings),
            )
        )

    def _deployed(self, app_id: str) -> AppRecord:
        app = self._store.apps.find(app_id)
        if app.state != api_pb2.APP_STATE_DEPLOYED or not app.version:
            raise Conflict(f"App '{app.name or app.description}' is not deployed.")
        return app

    def _again(self, stream: Stream[Any, Any], app: AppRecord, version: int) -> Release:
        """The definitions of a version that was there, as a new one."""
        try:
            older = self._store.deployments.find(app.app_id, version)
        except NotFound as error:
            raise Invalid(f"App '{app.name}' has no version {version} to go back to.") from error
        return Release(
            layout=older.layout,
            name=app.name,
            tag=older.tag,
            client_version=header(stream, _CLIENT_VERSION_HEADER),
            rollback_version=version,
            commit_info=older.commit_info,
            deployed_by=author(stream, self._store.service_users),
        )

    def _url(self, app: AppRecord) -> str:
        """The first web URL of an app; the server itself for one that has none."""
        for url in self._store.web_urls.assigned():
            if url.app_id == app.app_id:
                return url.url
        return self._server_url


def _kind(
    deployment: Deployment, versions: Sequence[Deployment]
) -> api_pb2.DeploymentType.ValueType:
    """What made it: what it repeats tells, for only the version in force can be rolled over."""
    if deployment.is_staged:
        return api_pb2.DEPLOYMENT_TYPE_STAGED
    if not deployment.rollback_version:
        return api_pb2.DEPLOYMENT_TYPE_STANDARD
    older = [one for one in versions if one.version < deployment.version]
    if any(one.is_staged for one in older if one.version == deployment.rollback_version):
        return api_pb2.DEPLOYMENT_TYPE_PROMOTION
    in_force = max((one.version for one in older if not one.is_staged), default=0)
    if in_force == deployment.rollback_version:
        return api_pb2.DEPLOYMENT_TYPE_ROLLOVER
    return api_pb2.DEPLOYMENT_TYPE_ROLLBACK


def _history(
    deployment: Deployment, app: AppRecord, versions: Sequence[Deployment]
) -> api_pb2.AppDeploymentHistory:
    return api_pb2.AppDeploymentHistory(
        app_id=deployment.app_id,
        version=deployment.version,
        client_version=deployment.client_version,
        deployed_at=deployment.deployed_at,
        deployed_by=deployment.deployed_by,
        tag=deployment.tag,
        rollback_version=deployment.rollback_version,
        rollback_allowed=deployment.version < app.version and not deployment.is_staged,
        commit_info=deployment.commit_info,
        deployment_type=_kind(deployment, versions),
    )


def _warnings(sentences: Sequence[str]) -> list[api_pb2.Warning]:
    kind = api_pb2.Warning.WARNING_TYPE_FUNCTION_CONFIGURATION
    return [api_pb2.Warning(type=kind, message=sentence) for sentence in sentences]
