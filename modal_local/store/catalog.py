"""The store's face towards execution: what serves now, and with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.model import LiveFunction, MountedFile
from modal_local.store.apps import AppRecord
from modal_local.store.deployments import Deployment
from modal_local.store.functions import Bound
from modal_local.store.options import autoscaler_in_force, with_options
from modal_local.store.store import Store


class StoredCatalog:
    """Reads live functions, secrets, volumes and mounts from the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def live(self, function_id: str) -> LiveFunction:
        """The version that serves now. Raises NotFound (also for a stopped app)."""
        functions = self._store.functions
        bound = functions.bound(function_id)
        base_id = bound.function_id if bound is not None else function_id
        app = self._store.apps.find(functions.find(base_id).app_id)
        if not app.is_serving:
            raise NotFound(f"App '{app.name or app.description}' is not running.")
        version = _pinned_version(bound) or app.version
        return self._live(app, self._store.deployments.find(app.app_id, version), base_id, bound)

    def live_functions(self, app_id: str | None = None) -> Sequence[LiveFunction]:
        """Every function (without parameters) of the deployed apps, or of one app."""
        apps = self._store.apps.all() if app_id is None else [self._store.apps.find(app_id)]
        found = []
        for app in apps:
            deployment = self._store.deployments.current(app) if app.is_serving else None
            if deployment is not None:
                found += [
                    self._live(app, deployment, function_id, None)
                    for function_id in deployment.definitions
                ]
        return found

    def secret_env(self, secret_ids: Sequence[str]) -> Mapping[str, str]:
        """Variables of these secrets; later ones win."""
        variables: dict[str, str] = {}
        for secret_id in secret_ids:
            variables.update(self._store.secrets.find(secret_id).variables)
            self._store.secrets.touch(secret_id)
        return variables

    def volume_path(self, volume_id: str) -> Path:
        """The directory that is this volume."""
        return self._store.volumes.path(volume_id)

    def mounted_files(self, mount_ids: Sequence[str]) -> Sequence[MountedFile]:
        """The files of these mounts."""
        return self._store.mounts.files(mount_ids)

    def _live(
        self, app: AppRecord, deployment: Deployment, function_id: str, bound: Bound | None
    ) -> LiveFunction:
        definition_id = deployment.definitions.get(function_id)
        if definition_id is None:
            raise NotFound(
                f"Function {function_id} is not in version {deployment.version} of app "
                f"'{app.name or app.description}'."
            )
        definition = self._store.functions.definition(definition_id).function
        if bound is not None:
            definition = with_options(definition, bound.request.function_options)
        callee = bound.bound_id if bound is not None else function_id
        return LiveFunction(
            function_id=callee,
            base_function_id=function_id,
            definition_id=definition_id,
            tag=definition.function_name,
            app_id=app.app_id,
            app_name=app.name or app.description,
            environment=app.environment,
            version=deployment.version,
            definition=definition,
            autoscaler=autoscaler_in_force(definition, self._override(callee, function_id)),
            serialized_params=bound.request.serialized_params if bound is not None else b"",
            layout=deployment.layout,
        )

    def _override(self, callee: str, function_id: str) -> api_pb2.AutoscalerSettings:
        """Bounds set for the variant, over those set for its function."""
        settings = self._store.functions.override(function_id)
        if callee != function_id:
            settings.MergeFrom(self._store.functions.override(callee))
        return settings


def _pinned_version(bound: Bound | None) -> int:
    return bound.request.function_options.pinned_app_version if bound is not None else 0
