"""`ProxyToken`: credentials for web endpoints that require proxy authentication."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi.dynamic import Resource

from pulumi_modal.provider.proxy_token import SCHEMA, ProxyTokenProvider
from pulumi_modal.resources.existing import existing
from pulumi_modal.spec.resources.model import LOCAL

_TOLD = tuple(SCHEMA.outputs.model_fields)


class ProxyToken(Resource, module="modal", name="ProxyToken"):
    """Credentials for web endpoints that require proxy authentication.

    Modal shows the secret once: it is an output, as a Pulumi secret. Deleting revokes the token.
    The id is the token's, `wk-...`.
    """

    name: pulumi.Output[str]
    """Its name, for people."""
    workspace: pulumi.Output[str]
    """The workspace whose endpoints it opens."""
    environments: pulumi.Output[Sequence[str] | None]
    """Restricted environments that it opens too."""
    token_id: pulumi.Output[str]
    """What requests send as `Modal-Key`."""
    token_secret: pulumi.Output[str]
    """What requests send as `Modal-Secret`: a Pulumi secret."""
    created_at: pulumi.Output[str]
    """When it was made (UTC, ISO 8601)."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        workspace: pulumi.Input[str] = LOCAL,
        environments: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a proxy token.

        - `name`: its name in Modal, for people; the resource's name when left out.
        - `workspace`: whose endpoints it opens; other credentials are refused.
        - `environments`: restricted environments that it is to open too.
        """
        inputs = {
            "name": name or resource_name,
            "workspace": workspace,
            "environments": environments,
        }
        told = dict.fromkeys(_TOLD)
        super().__init__(ProxyTokenProvider(), resource_name, {**told, **inputs}, _sealed(opts))

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002  # as in every class of Pulumi
        opts: pulumi.ResourceOptions | None = None,
    ) -> ProxyToken:
        """A token that is there, by its id `wk-...`; its secret is empty, and it is not managed."""
        return existing(
            cls, ProxyTokenProvider(), resource_name, (id, _sealed(opts)), SCHEMA.fields
        )


def _sealed(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    sealed = pulumi.ResourceOptions(additional_secret_outputs=["token_secret"])
    return pulumi.ResourceOptions.merge(opts, sealed)
