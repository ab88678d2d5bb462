"""Named secrets of Modal: their values are written, and never read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modal_proto import api_pb2

from pulumi_modal.errors import NotFound
from pulumi_modal.gateway.named import Caller, NamedSecret, ObjectRef, moment


class WireSecrets:
    """Secrets by single calls."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def find(self, secret: ObjectRef) -> NamedSecret | None:
        """The secret of this name; None when there is none."""
        kind = api_pb2.OBJECT_CREATION_TYPE_UNSPECIFIED
        try:
            return self._get(secret, kind, {}, f"looking up the secret {secret}")
        except NotFound:
            return None

    def create(self, secret: ObjectRef, values: Mapping[str, str]) -> NamedSecret:
        """Make it; Refused when it is there."""
        kind = api_pb2.OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS
        return self._get(secret, kind, values, f"creating the secret {secret}")

    def overwrite(self, secret: ObjectRef, values: Mapping[str, str]) -> NamedSecret:
        """Let it have these variables and no others."""
        kind = api_pb2.OBJECT_CREATION_TYPE_CREATE_OVERWRITE_IF_EXISTS
        return self._get(secret, kind, values, f"writing the secret {secret}")

    def delete(self, secret_id: str) -> None:
        """Remove it."""
        request = api_pb2.SecretDeleteRequest(secret_id=secret_id)
        self._caller.call("SecretDelete", request, f"deleting the secret {secret_id}")

    def _get(
        self, secret: ObjectRef, kind: Any, values: Mapping[str, str], what: str
    ) -> NamedSecret:
        request = api_pb2.SecretGetOrCreateRequest(
            deployment_name=secret.name,
            environment_name=secret.environment,
            object_creation_type=kind,
            env_dict=dict(values),
        )
        answer = self._caller.call("SecretGetOrCreate", request, what)
        told = answer.metadata
        keys = tuple(sorted(told.keys)) or tuple(sorted(values))
        made = told.creation_info
        return NamedSecret(answer.secret_id, keys, moment(made.created_at), made.created_by)
