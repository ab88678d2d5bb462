"""RPCs about the workspace, its token, and proxy tokens of its web endpoints."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.rpc.message import receive
from modal_local.settings import IMAGE_BUILDER_VERSION, WORKSPACE
from modal_local.store.store import Store

_USER_ID = "us-local"
_WORKSPACE_ID = "ws-local"


class WorkspaceRpc:
    """The one workspace, `local`, and its one user of the same name."""

    def __init__(self, store: Store, token_id: str) -> None:
        self._store = store
        self._token_id = token_id

    async def ClientHello(self, stream: Stream[Empty, api_pb2.ClientHelloResponse]) -> None:
        """A client is there."""
        await receive(stream)
        await stream.send_message(
            api_pb2.ClientHelloResponse(image_builder_version=IMAGE_BUILDER_VERSION)
        )

    async def WorkspaceNameLookup(
        self, stream: Stream[Empty, api_pb2.WorkspaceNameLookupResponse]
    ) -> None:
        """The workspace that the credentials reach."""
        await receive(stream)
        await stream.send_message(
            api_pb2.WorkspaceNameLookupResponse(workspace_name=WORKSPACE, username=WORKSPACE)
        )

    async def WorkspaceSettings(
        self, stream: Stream[Empty, api_pb2.WorkspaceSettingsResponse]
    ) -> None:
        """Defaults of the workspace."""
        await receive(stream)
        default = self._store.environments.find("")
        await stream.send_message(
            api_pb2.WorkspaceSettingsResponse(
                default_environment_name=default.name,
                image_builder_version=IMAGE_BUILDER_VERSION,
            )
        )

    async def WorkspaceSetDefaultEnvironment(
        self, stream: Stream[api_pb2.WorkspaceSetDefaultEnvironmentRequest, Empty]
    ) -> None:
        """Which environment is meant when none is named."""
        request = await receive(stream)
        if not request.environment_name:
            raise NotFound("the default environment needs a name")
        self._store.environments.set_default(request.environment_name)
        await stream.send_message(Empty())

    async def TokenInfoGet(
        self, stream: Stream[api_pb2.TokenInfoGetRequest, api_pb2.TokenInfoGetResponse]
    ) -> None:
        """Whose token this is."""
        await receive(stream)
        await stream.send_message(
            api_pb2.TokenInfoGetResponse(
                token_id=self._token_id,
                workspace_id=_WORKSPACE_ID,
                workspace_name=WORKSPACE,
                user_identity=api_pb2.UserIdentity(user_id=_USER_ID, username=WORKSPACE),
            )
        )

    async def ProxyGet(
        self, stream: Stream[api_pb2.ProxyGetRequest, api_pb2.ProxyGetResponse]
    ) -> None:
        """There are no proxies: nothing leaves this machine by another address."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        raise NotFound(
            f"Proxy '{request.name}' not found in environment '{environment.name}': the local "
            "Modal has no proxies."
        )

    async def WebhookTokenCreate(
        self, stream: Stream[api_pb2.WebhookTokenCreateRequest, api_pb2.TokenCreateResponse]
    ) -> None:
        """Credentials for endpoints with proxy auth; the secret is shown this once."""
        request = await receive(stream)
        token_id, secret = self._store.proxy_tokens.create(request.name)
        await stream.send_message(
            api_pb2.TokenCreateResponse(token_id=token_id, token_secret=secret)
        )

    async def WebhookTokenList(
        self, stream: Stream[Empty, api_pb2.WebhookTokenListResponse]
    ) -> None:
        """All proxy tokens, without their secrets."""
        await receive(stream)
        tokens = [
            api_pb2.WebhookToken(
                token_id=token.token_id, created_at=token.created_at, name=token.name
            )
            for token in self._store.proxy_tokens.all()
        ]
        await stream.send_message(api_pb2.WebhookTokenListResponse(tokens=tokens))

    async def WebhookTokenDelete(self, stream: Stream[api_pb2.TokenDeleteRequest, Empty]) -> None:
        """Revoke a proxy token."""
        request = await receive(stream)
        self._store.proxy_tokens.delete(request.token_id)
        await stream.send_message(Empty())
