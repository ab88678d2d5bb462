"""Environments of Modal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import StringValue
from modal_proto import api_pb2

from pulumi_modal.errors import Refused
from pulumi_modal.gateway.environment_port import GivenRoles, NamedEnvironment
from pulumi_modal.gateway.named import Caller, moment

_ROLES: Final = {
    "viewer": api_pb2.ENVIRONMENT_ROLE_VIEWER,
    "contributor": api_pb2.ENVIRONMENT_ROLE_CONTRIBUTOR,
    "no-access": api_pb2.ENVIRONMENT_ROLE_NO_ACCESS,
}
_RUNNING: Final = frozenset(
    {api_pb2.APP_STATE_DEPLOYED, api_pb2.APP_STATE_DETACHED, api_pb2.APP_STATE_EPHEMERAL}
)


class WireEnvironments:
    """Environments by single calls."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def all(self) -> Sequence[NamedEnvironment]:
        """Every environment."""
        answer = self._caller.call("EnvironmentList", Empty(), "listing environments")
        return [_named(item) for item in answer.items]

    def create(self, name: str, *, is_restricted: bool, default_role: str) -> None:
        """Make it, in one attempt: Refused when it is there, Unavailable when nobody knows."""
        request = api_pb2.EnvironmentCreateRequest(
            name=name, is_managed=is_restricted, default_member_role_str=default_role
        )
        what = f"creating the environment {name}"
        self._caller.call("EnvironmentCreate", request, what, repeats=False)

    def rename(self, name: str, new_name: str) -> None:
        """Give it another name."""
        request = api_pb2.EnvironmentUpdateRequest(
            current_name=name, name=StringValue(value=new_name)
        )
        what = f"renaming the environment {name} to {new_name}"
        self._caller.call("EnvironmentUpdate", request, what)

    def set_web_suffix(self, name: str, web_suffix: str) -> None:
        """Let its apps have other URLs."""
        request = api_pb2.EnvironmentUpdateRequest(
            current_name=name, web_suffix=StringValue(value=web_suffix)
        )
        what = f"setting the web suffix of the environment {name}"
        self._caller.call("EnvironmentUpdate", request, what)

    def restrict(
        self, environment: NamedEnvironment, *, is_restricted: bool, default_role: str
    ) -> None:
        """Whether roles count there; an empty default role is Modal's own."""
        request = api_pb2.EnvironmentSetManagedRequest(
            environment_id=environment.environment_id, managed=is_restricted
        )
        if default_role:
            request.default_member_role = _ROLES[default_role]
        what = f"restricting the environment {environment.name}"
        self._caller.call("EnvironmentSetManaged", request, what)

    def roles(self, environment: NamedEnvironment) -> GivenRoles:
        """The roles that were given there."""
        given = [one for one in self._principals(environment) if one.has_role_assignment]
        return GivenRoles(
            {one.user_name: one.role_str for one in given if one.user_id},
            {one.service_user_name: one.role_str for one in given if one.service_user_id},
        )

    def give_roles(self, environment: NamedEnvironment, roles: GivenRoles) -> None:
        """Give these roles; an empty one takes the role away."""
        what = f"giving roles in the environment {environment.name}"
        for request in _requests(environment, self._principals(environment), roles):
            self._caller.call("EnvironmentRoleSet", request, what)

    def contents(self, name: str) -> Sequence[str]:
        """What would be lost with it."""
        asked = f"listing what is in {name}"
        apps = self._list("App", name, asked).apps
        found = [f"app {one.name or one.description}" for one in apps if one.state in _RUNNING]
        found += [f"volume {one.label}" for one in self._list("Volume", name, asked).items]
        found += [f"secret {one.label}" for one in self._list("Secret", name, asked).items]
        found += [f"dict {one.name}" for one in self._list("Dict", name, asked).dicts]
        found += [f"queue {one.name}" for one in self._list("Queue", name, asked).queues]
        return sorted(found)

    def delete(self, name: str) -> None:
        """Remove it with everything in it."""
        request = api_pb2.EnvironmentDeleteRequest(name=name)
        self._caller.call("EnvironmentDelete", request, f"deleting the environment {name}")

    def _list(self, noun: str, environment: str, what: str) -> Any:
        request = getattr(api_pb2, f"{noun}ListRequest")(environment_name=environment)
        return self._caller.call(f"{noun}List", request, what)

    def _principals(self, environment: NamedEnvironment) -> Sequence[Any]:
        request = api_pb2.EnvironmentGetRolesRequest(environment_id=environment.environment_id)
        what = f"reading the roles in the environment {environment.name}"
        return list(self._caller.call("EnvironmentGetRoles", request, what).principal_roles)


def _requests(
    environment: NamedEnvironment, principals: Sequence[Any], roles: GivenRoles
) -> Iterator[api_pb2.EnvironmentRoleSetRequest]:
    """One for each name; somebody without a role who is gone needs none."""
    ids = {one.user_name: one.user_id for one in principals if one.user_id}
    robots = {one.service_user_name: one.service_user_id for one in principals}
    for name, role in roles.users.items():
        if name in ids:
            yield _request(environment, role, user_id=ids[name])
        elif role:
            raise _nobody(environment, f"the user {name}")
    for name, role in roles.service_users.items():
        if name in robots:
            yield _request(environment, role, service_user_id=robots[name])
        elif role:
            raise _nobody(environment, f"the service user {name}")


def _request(
    environment: NamedEnvironment, role: str, *, user_id: str = "", service_user_id: str = ""
) -> api_pb2.EnvironmentRoleSetRequest:
    return api_pb2.EnvironmentRoleSetRequest(
        environment_id=environment.environment_id,
        role_str=role,
        user_id=user_id,
        service_user_id=service_user_id,
    )


def _nobody(environment: NamedEnvironment, who: str) -> Refused:
    return Refused(
        f"giving roles in the environment {environment.name}: {who} is not in the workspace"
    )


def _named(item: api_pb2.EnvironmentListItem) -> NamedEnvironment:
    roles = {number: name for name, number in _ROLES.items()}
    return NamedEnvironment(
        environment_id=item.environment_id,
        name=item.name,
        web_suffix=item.webhook_suffix,
        is_restricted=item.is_managed,
        default_role=roles.get(item.default_member_role, "") if item.is_managed else "",
        is_default=item.default,
        created_at=moment(item.created_at),
    )
