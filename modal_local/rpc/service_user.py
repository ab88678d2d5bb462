"""RPCs about who is in the workspace: one person, and service users."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.rpc.environment_role import WIRE_ROLES
from modal_local.rpc.identity import author
from modal_local.rpc.message import receive
from modal_local.rpc.workspace import USER_ID
from modal_local.settings import WORKSPACE
from modal_local.store.service_users import ServiceUser
from modal_local.store.store import Store


class ServiceUserRpc:
    """Service users, whose tokens reach this Modal as the person's does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._users = store.service_users

    async def WorkspaceMembersList(
        self, stream: Stream[Empty, api_pb2.WorkspaceMembersListResponse]
    ) -> None:
        """The one person, who owns it all."""
        await receive(stream)
        owner = api_pb2.WorkspaceMembersListItem(
            member_id=USER_ID,
            user_id=USER_ID,
            member_displayname=WORKSPACE,
            member_role=api_pb2.MEMBER_ROLE_OWNER,
            joined_at=self._store.environments.find("").created_at,
        )
        await stream.send_message(api_pb2.WorkspaceMembersListResponse(members=[owner]))

    async def ServiceUserCreate(
        self, stream: Stream[api_pb2.ServiceUserCreateRequest, api_pb2.ServiceUserCreateResponse]
    ) -> None:
        """A new one; the secret of its token is shown this once."""
        request = await receive(stream)
        user, secret = self._users.create(
            request.name, author(stream, self._users), request.expires_in_seconds
        )
        response = api_pb2.ServiceUserCreateResponse(
            token_id=user.token_id, token_secret=secret, service_user_id=user.service_user_id
        )
        if user.expires_at:
            response.expires_at.CopyFrom(Timestamp(seconds=int(user.expires_at)))
        await stream.send_message(response)

    async def ServiceUserInfo(
        self, stream: Stream[api_pb2.ServiceUserInfoRequest, api_pb2.ServiceUserInfoResponse]
    ) -> None:
        """What may be shown of one."""
        request = await receive(stream)
        user = self._users.named(request.service_user_name)
        await stream.send_message(api_pb2.ServiceUserInfoResponse(service_user=self._shown(user)))

    async def ServiceUserList(self, stream: Stream[Empty, api_pb2.ServiceUserListResponse]) -> None:
        """All of them, by name."""
        await receive(stream)
        shown = [self._shown(user) for user in self._users.all()]
        await stream.send_message(api_pb2.ServiceUserListResponse(service_users=shown))

    async def ServiceUserDelete(
        self, stream: Stream[api_pb2.ServiceUserDeleteRequest, Empty]
    ) -> None:
        """Its token reaches nothing from now on."""
        request = await receive(stream)
        user = (
            self._users.find(request.service_user_id)
            if request.service_user_id
            else self._users.named(request.service_user_name)
        )
        self._users.delete(user.service_user_id)
        await stream.send_message(Empty())

    def _shown(self, user: ServiceUser) -> api_pb2.ServiceUser:
        shown = api_pb2.ServiceUser(
            name=user.name,
            token_id=user.token_id,
            created_by=user.created_by,
            created_at=user.created_at,
            last_used_at=user.last_used_at,
            service_user_id=user.service_user_id,
        )
        for name, role in self._store.roles.of_principal(user.service_user_id).items():
            shown.environment_roles.add(environment_name=name, role_str=role, role=WIRE_ROLES[role])
        if user.expires_at:
            shown.expires_at = user.expires_at
        return shown
