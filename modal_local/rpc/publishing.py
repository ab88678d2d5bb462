"""From a release to a served version: state first, then web URLs, then containers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

from modal_proto import api_pb2

from modal_local.errors import LocalModalError, NotFound
from modal_local.model import Execution
from modal_local.rpc.web_label import endpoints_of
from modal_local.store.addresses import move_urls
from modal_local.store.apps import AppRecord
from modal_local.store.deployments import Deployment, Release
from modal_local.store.environments import Environment
from modal_local.store.store import Store
from modal_local.store.web_urls import WebUrl

log = logging.getLogger(__name__)


class WebDoor(Protocol):
    """Where web URLs are answered."""

    def is_usable(self, port: int) -> bool:
        """Whether a new URL may have this port."""

    async def serve(self, urls: Sequence[WebUrl]) -> Sequence[str]:
        """Answer at these URLs and no others; sentences about those that cannot be."""


class Publisher:
    """The only one who changes what serves."""

    def __init__(self, store: Store, execution: Execution, door: WebDoor) -> None:
        self._store = store
        self._execution = execution
        self._door = door
        self._opening = asyncio.Lock()

    async def publish(self, app_id: str, release: Release) -> tuple[Deployment, Sequence[str]]:
        """Make a version and let it serve; sentences about what is not as asked."""
        with self._store.database.transaction():
            deployment = self._store.deployments.publish(app_id, release)
            if not release.is_staged:
                self._store.web_urls.assign(app_id, list(self._urls(deployment)))
        if release.is_staged:
            return deployment, ()
        warnings = await self.open_urls()
        await self._execution.app_published(app_id, recreate=False)
        return deployment, warnings

    async def stop(self, app_id: str, stopped_by: str) -> None:
        """End an app; returns when no container is left."""
        with self._store.database.transaction():
            self._store.apps.begin_stop(app_id, stopped_by)
            self._store.web_urls.release(app_id)
        try:
            await self.open_urls()
            await self._execution.app_stopped(app_id)
        finally:
            self._store.apps.set_state(app_id, api_pb2.APP_STATE_STOPPED)
            self._store.logs.flush()
            self._store.logs.wake()

    async def open_urls(self) -> Sequence[str]:
        """Answer at the URLs of what is deployed."""
        async with self._opening:
            warnings = await self._door.serve(self._store.web_urls.assigned())
        for sentence in warnings:
            log.warning("%s", sentence)
        return warnings

    def set_web_suffix(self, environment: Environment, web_suffix: str) -> None:
        """Other URLs, as soon as they are opened. Raises Invalid, AlreadyExists."""
        if web_suffix == environment.web_suffix:
            return
        with self._store.database.transaction():
            self._store.environments.set_web_suffix(environment.name, web_suffix)
            moved = self._store.web_urls.move(
                environment.environment_id, web_suffix, self._door.is_usable
            )
            move_urls(self._store.database, environment.environment_id, moved)

    def reserve(self, app: AppRecord, label: str) -> WebUrl:
        """The URL that a label has, or will have."""
        suffix = self._store.environments.find(app.environment_id).web_suffix
        return self._store.web_urls.reserve(app.environment_id, suffix, label, self._door.is_usable)

    def victim(self, app: AppRecord, label: str) -> str | None:
        """The name of another app that answers under this label."""
        known = self._store.web_urls.find(app.environment_id, label)
        if known is None or known.app_id in {"", app.app_id}:
            return None
        other = self._store.apps.find(known.app_id)
        return other.name or other.description

    def deployed(self, environment: Environment, name: str) -> AppRecord:
        """The deployed app of this name. Raises NotFound."""
        app = self._store.apps.deployed(environment.environment_id, name)
        if app is None:
            raise NotFound(f"App '{name}' not found in environment '{environment.name}'")
        return app

    def layout(self, request: api_pb2.AppPublishRequest) -> api_pb2.AppLayout:
        """Everything of a version that callers and containers look up. Raises NotFound."""
        layout = api_pb2.AppLayout(function_ids=request.function_ids, class_ids=request.class_ids)
        dependencies: dict[str, None] = {}
        for tag, function_id in sorted(request.function_ids.items()):
            definition_id = request.definition_ids.get(function_id, "")
            definition = self._store.functions.definition(definition_id)
            owner = self._store.functions.find(function_id).app_id
            if definition.function_id != function_id or owner != request.app_id:
                raise NotFound(f"{tag} has no definition {definition_id} in app {request.app_id}.")
            layout.objects.add(object_id=function_id, function_handle_metadata=definition.metadata)
            for dependency in definition.function.object_dependencies:
                dependencies[dependency.object_id] = None
        for class_id in request.class_ids.values():
            if self._store.functions.class_app(class_id) != request.app_id:
                raise NotFound(f"Class {class_id} is not of app {request.app_id}.")
            layout.objects.add(
                object_id=class_id, class_handle_metadata=api_pb2.ClassHandleMetadata()
            )
        layout.objects.extend(self._dependency(object_id) for object_id in dependencies)
        return layout

    def _dependency(self, object_id: str) -> api_pb2.Object:
        known = api_pb2.Object(object_id=object_id)
        try:
            if object_id.startswith("vo-"):
                volume = self._store.volumes.find(object_id)
                known.volume_metadata.name = volume.name
                known.volume_metadata.version = volume.version  # type: ignore[assignment]  # kept as given
            elif object_id.startswith("mo-"):
                checksum = self._store.mounts.checksum(object_id)
                known.mount_handle_metadata.content_checksum_sha256_hex = checksum
        except LocalModalError as error:
            raise NotFound(f"A dependency has gone: {error}") from error
        return known

    def _urls(self, deployment: Deployment) -> Iterator[WebUrl]:
        """The labels of a version, with the functions behind them."""
        app = self._store.apps.find(deployment.app_id)
        for function_id, definition_id in deployment.definitions.items():
            data = self._store.functions.definition(definition_id).data
            for endpoint in endpoints_of(app.description, data):
                yield WebUrl(
                    environment_id=app.environment_id,
                    label=endpoint.label,
                    port=self.reserve(app, endpoint.label).port,
                    app_id=app.app_id,
                    function_id=function_id,
                    method=endpoint.method,
                    requires_proxy_auth=endpoint.config.requires_proxy_auth,
                )
