"""Proxy tokens of a workspace: credentials for web endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from pulumi_modal.errors import NotFound
from pulumi_modal.gateway.named import Caller, ProxyToken, moment


class WireProxyTokens:
    """Proxy tokens by single calls."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(self, name: str) -> tuple[str, str]:
        """Id and secret of a new one."""
        request = api_pb2.WebhookTokenCreateRequest(name=name)
        answer = self._caller.call(
            "WebhookTokenCreate", request, f"creating the proxy token {name}"
        )
        return answer.token_id, answer.token_secret

    def all(self) -> Sequence[ProxyToken]:
        """All of them."""
        answer = self._caller.call("WebhookTokenList", Empty(), "listing proxy tokens")
        return [ProxyToken(one.token_id, one.name, moment(one.created_at)) for one in answer.tokens]

    def environments_of(self, token_id: str) -> Sequence[str]:
        """Names of the environments that it was allowed in."""
        request = api_pb2.WebhookTokenEnvironmentListRequest(token_id=token_id)
        answer = self._caller.call(
            "WebhookTokenEnvironmentList", request, f"asking where {token_id} is allowed"
        )
        allowed = {*answer.environment_ids}
        return sorted(name for name, id_ in self._environments().items() if id_ in allowed)

    def missing(self, environments: Sequence[str]) -> Sequence[str]:
        """Those that are not there."""
        return sorted({*environments} - {*self._environments()}) if environments else ()

    def allow(self, token_id: str, environment: str) -> None:
        """Let it open the endpoints of an environment."""
        what = f"allowing {token_id} in {environment}"
        request = api_pb2.WebhookTokenEnvironmentAddRequest(
            token_id=token_id, environment_id=self._id_of(environment, what)
        )
        self._caller.call("WebhookTokenEnvironmentAdd", request, what)

    def revoke(self, token_id: str, environment: str) -> None:
        """Take that back."""
        what = f"revoking {token_id} in {environment}"
        request = api_pb2.WebhookTokenEnvironmentRemoveRequest(
            token_id=token_id, environment_id=self._id_of(environment, what)
        )
        self._caller.call("WebhookTokenEnvironmentRemove", request, what)

    def rename(self, token_id: str, name: str) -> None:
        """Give it another name."""
        request = api_pb2.WebhookTokenUpdateRequest(token_id=token_id, name=name)
        self._caller.call("WebhookTokenUpdate", request, f"renaming the proxy token {token_id}")

    def delete(self, token_id: str) -> None:
        """It opens nothing from now on."""
        request = api_pb2.TokenDeleteRequest(token_id=token_id)
        self._caller.call("WebhookTokenDelete", request, f"revoking the proxy token {token_id}")

    def _environments(self) -> Mapping[str, str]:
        answer = self._caller.call("EnvironmentList", Empty(), "listing environments")
        return {one.name: one.environment_id for one in answer.items}

    def _id_of(self, environment: str, what: str) -> str:
        found = self._environments().get(environment)
        if found is None:
            raise NotFound(f"{what}: there is no such environment")
        return found
