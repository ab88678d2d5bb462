"""`Secret`: a named secret of Modal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi.dynamic import Resource

from pulumi_modal.provider.secret import SCHEMA, SecretProvider
from pulumi_modal.resources.existing import existing
from pulumi_modal.spec.resources.model import LOCAL
from pulumi_modal.spec.resources.secret import COMPUTED

_TOLD = tuple(SCHEMA.outputs.model_fields)


class Secret(Resource, module="modal", name="Secret"):
    """A named secret: environment variables that functions are given by its name.

    Its values are Pulumi secrets, whatever they come from, and no output tells them. A change
    shows as another revision of the variable. The id is `<environment>/<name>`.
    """

    name: pulumi.Output[str]
    """Its name, as in `modal secret list`."""
    environment: pulumi.Output[str]
    """The environment it belongs to."""
    workspace: pulumi.Output[str]
    """The workspace it belongs to."""
    adopt: pulumi.Output[bool]
    """Whether one with other variables would have been taken over."""
    secret_id: pulumi.Output[str]
    """Modal's id, `st-...`."""
    keys: pulumi.Output[Sequence[str]]
    """Names of its variables."""
    digest: pulumi.Output[str]
    """Changes with every change of the secret; made of no value."""
    revision: pulumi.Output[int]
    """Counts the changes of values, from 1."""
    revisions: pulumi.Output[Mapping[str, int]]
    """By variable, the revision in which its value changed last."""
    created_at: pulumi.Output[str]
    """When it was made (UTC, ISO 8601)."""

    def __init__(  # noqa: PLR0913  # the inputs of a secret, keyword only
        self,
        resource_name: str,
        *,
        environment: pulumi.Input[str],
        values: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        name: pulumi.Input[str] | None = None,
        workspace: pulumi.Input[str] = LOCAL,
        adopt: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a secret.

        - `environment`, `workspace`: where it is; other credentials are refused.
        - `values`: the variables by name; those left out are removed. Made a Pulumi secret here.
        - `name`: its name in Modal; the resource's name when left out.
        - `adopt`: take over a secret of this name that is there with other variables.
        """
        inputs = {
            "name": name or resource_name,
            "environment": environment,
            "workspace": workspace,
            "values": None if values is None else pulumi.Output.secret(values),
            "adopt": adopt,
        }
        told = dict.fromkeys((*_TOLD, *COMPUTED))
        super().__init__(SecretProvider(), resource_name, {**told, **inputs}, opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002  # as in every class of Pulumi
        opts: pulumi.ResourceOptions | None = None,
    ) -> Secret:
        """A secret that is there, by its id `<environment>/<name>`: names and dates, no value."""
        return existing(cls, SecretProvider(), resource_name, (id, opts), SCHEMA.fields)
