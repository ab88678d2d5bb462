"""RPCs about the workspace and the token that reaches it."""

from __future__ import annotations

from typing import Final

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.rpc.identity import TOKEN_ID_HEADER
from modal_local.rpc.message import header, receive
from modal_local.settings import IMAGE_BUILDER_VERSION, WORKSPACE, Access
from modal_local.store.store import Store

USER_ID: Final = "us-local"
"""The one person of the workspace."""
_WORKSPACE_ID = "ws-local"


class WorkspaceRpc:
    """The one workspace and its one user."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._token_id = access.token_id
        self._workspace = access.workspace

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
            api_pb2.WorkspaceNameLookupResponse(workspace_name=self._workspace, username=WORKSPACE)
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
        user = self._store.service_users.with_token(header(stream, TOKEN_ID_HEADER))
        person = api_pb2.UserIdentity(user_id=USER_ID, username=WORKSPACE)
        told = api_pb2.TokenInfoGetResponse(
            token_id=self._token_id, workspace_id=_WORKSPACE_ID, workspace_name=self._workspace
        )
        if user is None:
            told.user_identity.CopyFrom(person)
        else:
            told.token_id = user.token_id
            told.service_user_identity.service_user_id = user.service_user_id
            told.service_user_identity.service_user_name = user.name
            told.service_user_identity.created_by.CopyFrom(person)
        await stream.send_message(told)

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
