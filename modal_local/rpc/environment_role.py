"""RPCs about who may do what in an environment. Roles are kept and shown, not enforced."""

from __future__ import annotations

from typing import Final

from google.protobuf.empty_pb2 import Empty
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import Conflict, Invalid, NotFound
from modal_local.rpc.message import receive
from modal_local.rpc.workspace import USER_ID
from modal_local.settings import WORKSPACE
from modal_local.store.environments import Environment
from modal_local.store.roles import CONTRIBUTOR, NO_ACCESS, ROLES, VIEWER
from modal_local.store.store import Store

WIRE_ROLES: Final = {
    VIEWER: api_pb2.ENVIRONMENT_ROLE_VIEWER,
    CONTRIBUTOR: api_pb2.ENVIRONMENT_ROLE_CONTRIBUTOR,
    NO_ACCESS: api_pb2.ENVIRONMENT_ROLE_NO_ACCESS,
}
_Principal = api_pb2.EnvironmentGetRolesResponse.Principal


def role_name(role: api_pb2.EnvironmentRole.ValueType) -> str:
    """A role of the wire in words; empty for none. Raises Invalid."""
    if role == api_pb2.ENVIRONMENT_ROLE_UNSPECIFIED:
        return ""
    for name, known in WIRE_ROLES.items():
        if known == role:
            return name
    raise Invalid(f"The role {role} is unknown; there are {', '.join(ROLES)}.")


class EnvironmentRoleRpc:
    """Restrictions of environments, and roles in them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._environments = store.environments

    async def EnvironmentSetManaged(
        self, stream: Stream[api_pb2.EnvironmentSetManagedRequest, Empty]
    ) -> None:
        """Restrict it, or open it to all members again."""
        request = await receive(stream)
        environment = self._environments.find(request.environment_id)
        default = environment.default_role
        if request.HasField("default_member_role"):
            default = role_name(request.default_member_role)
        self._environments.restrict(
            environment.name, is_restricted=request.managed, default_role=default
        )
        await stream.send_message(Empty())

    async def EnvironmentSetDefaultMemberRole(
        self, stream: Stream[api_pb2.EnvironmentSetDefaultMemberRoleRequest, Empty]
    ) -> None:
        """The role of members that have none of their own."""
        request = await receive(stream)
        environment = self._restricted(request.environment_id)
        self._environments.restrict(
            environment.name,
            is_restricted=True,
            default_role=role_name(request.default_member_role),
        )
        await stream.send_message(Empty())

    async def EnvironmentRoleSet(
        self, stream: Stream[api_pb2.EnvironmentRoleSetRequest, Empty]
    ) -> None:
        """Give a role to a user or service user, or take it when none is said."""
        request = await receive(stream)
        environment = self._environments.find(request.environment_id or request.environment_name)
        role = request.role_str or role_name(request.role)
        principal_id = self._principal_id(request, environment)
        if role:
            self._store.roles.give(environment.environment_id, principal_id, role)
        else:
            self._store.roles.take(environment.environment_id, principal_id)
        await stream.send_message(Empty())

    async def EnvironmentGetRoles(
        self,
        stream: Stream[api_pb2.EnvironmentGetRolesRequest, api_pb2.EnvironmentGetRolesResponse],
    ) -> None:
        """Everybody in the workspace, and the role each has there."""
        request = await receive(stream)
        environment = self._environments.find(request.environment_id)
        response = api_pb2.EnvironmentGetRolesResponse(
            name=environment.name, created_at=environment.created_at
        )
        if environment.is_restricted:
            response.default_member_role = WIRE_ROLES[environment.default_role]
        given = self._store.roles.of_environment(environment.environment_id)
        owner = _Principal(
            user_id=USER_ID, user_name=WORKSPACE, member_role=api_pb2.MEMBER_ROLE_OWNER
        )
        response.principal_roles.append(_with_role(owner, given.get(USER_ID), CONTRIBUTOR))
        for user in self._store.service_users.all():
            one = _Principal(service_user_id=user.service_user_id, service_user_name=user.name)
            otherwise = NO_ACCESS if environment.is_restricted else CONTRIBUTOR
            role = given.get(user.service_user_id)
            response.principal_roles.append(_with_role(one, role, otherwise))
        await stream.send_message(response)

    def _restricted(self, environment_id: str) -> Environment:
        environment = self._environments.find(environment_id)
        if not environment.is_restricted:
            raise Conflict(f"Environment '{environment.name}' is not restricted.")
        return environment

    def _principal_id(
        self, request: api_pb2.EnvironmentRoleSetRequest, environment: Environment
    ) -> str:
        users = self._store.service_users
        if request.service_user_id:
            return users.find(request.service_user_id).service_user_id
        if request.service_user_name:
            return users.named(request.service_user_name).service_user_id
        if request.user_id != USER_ID:
            raise NotFound(f"User {request.user_id} is not in the workspace.")
        self._restricted(environment.environment_id)  # members have roles only in such
        return USER_ID


def _with_role(principal: _Principal, given: str | None, otherwise: str) -> _Principal:
    role = given or otherwise
    principal.role_str = role
    principal.role = WIRE_ROLES[role]
    principal.has_role_assignment = given is not None
    principal.inherits_default_member_role = given is None
    return principal
