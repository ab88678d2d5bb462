"""RPCs about proxy tokens: credentials for web endpoints with proxy auth."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.rpc.identity import author
from modal_local.rpc.message import receive
from modal_local.store.proxy_tokens import ProxyToken
from modal_local.store.store import Store


class ProxyTokenRpc:
    """Proxy tokens of the workspace, and where each is valid."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tokens = store.proxy_tokens

    async def WebhookTokenCreate(
        self, stream: Stream[api_pb2.WebhookTokenCreateRequest, api_pb2.TokenCreateResponse]
    ) -> None:
        """A new one; its secret is shown this once."""
        request = await receive(stream)
        token_id, secret = self._tokens.create(
            request.name,
            created_by=author(stream, self._store.service_users),
            is_scoped=request.scoped,
        )
        await stream.send_message(
            api_pb2.TokenCreateResponse(token_id=token_id, token_secret=secret)
        )

    async def WebhookTokenUpdate(
        self, stream: Stream[api_pb2.WebhookTokenUpdateRequest, api_pb2.WebhookToken]
    ) -> None:
        """Give it another name; an empty one takes its name."""
        request = await receive(stream)
        if request.HasField("name"):
            self._tokens.rename(request.token_id, request.name)
        await stream.send_message(_shown(self._tokens.find(request.token_id)))

    async def WebhookTokenList(
        self, stream: Stream[Empty, api_pb2.WebhookTokenListResponse]
    ) -> None:
        """All of them, without their secrets."""
        await receive(stream)
        await stream.send_message(_listed(self._tokens.all()))

    async def WebhookTokenListForEnvironment(
        self,
        stream: Stream[
            api_pb2.WebhookTokenListForEnvironmentRequest, api_pb2.WebhookTokenListResponse
        ],
    ) -> None:
        """Those that were allowed in an environment."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        await stream.send_message(_listed(self._tokens.of_environment(environment)))

    async def WebhookTokenEnvironmentAdd(
        self, stream: Stream[api_pb2.WebhookTokenEnvironmentAddRequest, Empty]
    ) -> None:
        """Let it open the endpoints of an environment."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_id)
        self._tokens.allow(request.token_id, environment)
        await stream.send_message(Empty())

    async def WebhookTokenEnvironmentList(
        self,
        stream: Stream[
            api_pb2.WebhookTokenEnvironmentListRequest, api_pb2.WebhookTokenEnvironmentListResponse
        ],
    ) -> None:
        """Where it was allowed."""
        request = await receive(stream)
        environment_ids = self._tokens.environments(request.token_id)
        await stream.send_message(
            api_pb2.WebhookTokenEnvironmentListResponse(environment_ids=environment_ids)
        )

    async def WebhookTokenEnvironmentRemove(
        self, stream: Stream[api_pb2.WebhookTokenEnvironmentRemoveRequest, Empty]
    ) -> None:
        """Take back that it was allowed in an environment."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_id)
        self._tokens.revoke(request.token_id, environment)
        await stream.send_message(Empty())

    async def WebhookTokenDelete(self, stream: Stream[api_pb2.TokenDeleteRequest, Empty]) -> None:
        """It opens nothing from now on."""
        request = await receive(stream)
        self._tokens.delete(request.token_id)
        await stream.send_message(Empty())


def _listed(tokens: Iterable[ProxyToken]) -> api_pb2.WebhookTokenListResponse:
    return api_pb2.WebhookTokenListResponse(tokens=[_shown(token) for token in tokens])


def _shown(token: ProxyToken) -> api_pb2.WebhookToken:
    return api_pb2.WebhookToken(
        token_id=token.token_id,
        created_at=token.created_at,
        scoped=token.is_scoped,
        name=token.name,
        created_by=api_pb2.UserIdentity(username=token.created_by),
    )
