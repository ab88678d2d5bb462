"""RPCs about secrets. No value of a secret leaves by any of them."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.rpc.identity import author
from modal_local.rpc.message import receive
from modal_local.rpc.page import page
from modal_local.store.environments import Environment
from modal_local.store.secrets import Secret
from modal_local.store.store import Store


class SecretRpc:
    """Secrets of environments and apps."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._secrets = store.secrets

    async def SecretGetOrCreate(
        self, stream: Stream[api_pb2.SecretGetOrCreateRequest, api_pb2.SecretGetOrCreateResponse]
    ) -> None:
        """Look one up by name and keys, or keep a new one."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        by = author(stream, self._store.service_users)
        secret = self._get_or_create(environment, request, by)
        missing = [key for key in request.required_keys if key not in secret.variables]
        if missing:
            raise NotFound(
                f"Secret '{secret.name}' of environment '{environment.name}' lacks the required "
                f"keys: {', '.join(missing)}"
            )
        await stream.send_message(
            api_pb2.SecretGetOrCreateResponse(secret_id=secret.secret_id, metadata=_shown(secret))
        )

    async def SecretList(
        self, stream: Stream[api_pb2.SecretListRequest, api_pb2.SecretListResponse]
    ) -> None:
        """Named secrets, newest first."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        secrets = page(self._secrets.of_environment(environment), request.pagination)
        items = [
            api_pb2.SecretListItem(
                label=secret.name,
                created_at=secret.created_at,
                last_used_at=secret.last_used_at,
                environment_name=environment.name,
                secret_id=secret.secret_id,
                metadata=_shown(secret),
            )
            for secret in secrets
        ]
        await stream.send_message(
            api_pb2.SecretListResponse(items=items, environment_name=environment.name)
        )

    async def SecretGetInfo(
        self, stream: Stream[api_pb2.SecretGetInfoRequest, api_pb2.SecretGetInfoResponse]
    ) -> None:
        """What may be shown of a secret."""
        request = await receive(stream)
        secret = self._secrets.find(request.secret_id)
        await stream.send_message(api_pb2.SecretGetInfoResponse(metadata=_shown(secret)))

    async def SecretUpdate(self, stream: Stream[api_pb2.SecretUpdateRequest, Empty]) -> None:
        """Set or remove some of its variables, for containers started from now on."""
        request = await receive(stream)
        changes = {
            update.key: update.value if update.HasField("value") else None
            for update in request.updates
        }
        self._secrets.update(request.secret_id, changes)
        await stream.send_message(Empty())

    async def SecretDelete(self, stream: Stream[api_pb2.SecretDeleteRequest, Empty]) -> None:
        """Remove a secret."""
        request = await receive(stream)
        self._secrets.delete(request.secret_id)
        await stream.send_message(Empty())

    def _get_or_create(
        self, environment: Environment, request: api_pb2.SecretGetOrCreateRequest, by: str
    ) -> Secret:
        variables = dict(request.env_dict)
        name = request.deployment_name
        match request.object_creation_type:
            case api_pb2.OBJECT_CREATION_TYPE_ANONYMOUS_OWNED_BY_APP:
                app = self._store.apps.find(request.app_id)
                return self._secrets.of_app(app.app_id, app.environment_id, variables)
            case api_pb2.OBJECT_CREATION_TYPE_EPHEMERAL:
                return self._secrets.ephemeral(environment.environment_id, variables)
            case api_pb2.OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS:
                return self._secrets.create(environment, name, variables, created_by=by)
            case api_pb2.OBJECT_CREATION_TYPE_CREATE_OVERWRITE_IF_EXISTS:
                return self._secrets.create(
                    environment, name, variables, created_by=by, overwrite=True
                )
        try:
            return self._secrets.named(environment, name)
        except NotFound:
            if request.object_creation_type != api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING:
                raise
            return self._secrets.create(environment, name, variables, created_by=by)


def _shown(secret: Secret) -> api_pb2.SecretMetadata:
    return api_pb2.SecretMetadata(
        name=secret.name,
        creation_info=api_pb2.CreationInfo(
            created_at=secret.created_at, created_by=secret.created_by
        ),
        keys=sorted(secret.variables),
        environment_name=secret.environment,
        last_used_at=secret.last_used_at,
    )
