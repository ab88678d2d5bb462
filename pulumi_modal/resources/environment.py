"""`Environment`: a Modal environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from pulumi_modal.provider.environment import SCHEMA, EnvironmentProvider
from pulumi_modal.resources.existing import existing
from pulumi_modal.spec.resources.model import LOCAL

_TOLD = tuple(SCHEMA.outputs.model_fields)
_Roles = Mapping[str, pulumi.Input[Mapping[str, pulumi.Input[str]]]]


class Environment(Resource, module="modal", name="Environment"):
    """A Modal environment: apps, secrets and volumes of one stage, apart from those of others.

    One that exists already is used, and a destroy leaves it alone. What an environment holds is
    never lost by a destroy unless `on_delete` says so. The id is its name.
    """

    name: pulumi.Output[str]
    """Its name, as in `modal environment list`."""
    workspace: pulumi.Output[str]
    """The workspace it belongs to."""
    web_suffix: pulumi.Output[str | None]
    """The declared web suffix; `suffix` is the one in force."""
    restricted: pulumi.Output[bool | None]
    """Whether roles count there, where that is declared."""
    default_role: pulumi.Output[str | None]
    """Role of members without one of their own, where that is declared."""
    roles: pulumi.Output[Mapping[str, Mapping[str, str]] | None]
    """The declared roles of users and service users."""
    on_delete: pulumi.Output[str]
    """What a delete does: `refuse` while it holds something, `retain`, or `force`."""
    environment_id: pulumi.Output[str]
    """Modal's id, `en-...`, which stays when it is renamed."""
    suffix: pulumi.Output[str]
    """The web suffix in force: part of the URLs of its apps."""
    adopted: pulumi.Output[bool]
    """True when it was there before this stack."""
    created_at: pulumi.Output[str]
    """When it was made (UTC, ISO 8601)."""

    def __init__(  # noqa: PLR0913  # the inputs of an environment, keyword only
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        workspace: pulumi.Input[str] = LOCAL,
        web_suffix: pulumi.Input[str] | None = None,
        restricted: pulumi.Input[bool] | None = None,
        default_role: pulumi.Input[str] | None = None,
        roles: pulumi.Input[_Roles] | None = None,
        on_delete: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare an environment. What is left out of its settings stays as Modal has it.

        - `name`: its name in Modal; the resource's name when left out.
        - `workspace`: the one it belongs to; `local` is the project's own local Modal.
        - `web_suffix`: part of the URLs of its apps; `""` is none.
        - `restricted`: whether roles count there.
        - `default_role`: of members: `contributor`, `viewer` or `no-access`.
        - `roles`: by name: `{"users": {"alice": "viewer"}, "service_users": {...}}`.
        - `on_delete`: `refuse` (default) to delete it while it holds something, `retain`, `force`.
        """
        inputs: dict[str, Any] = {
            "name": name or resource_name,
            "workspace": workspace,
            "web_suffix": web_suffix,
            "restricted": restricted,
            "default_role": default_role,
            "roles": roles,
            "on_delete": on_delete,
        }
        props = {**dict.fromkeys(_TOLD), **inputs}
        super().__init__(EnvironmentProvider(), resource_name, props, opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002  # as in every class of Pulumi
        opts: pulumi.ResourceOptions | None = None,
    ) -> Environment:
        """An environment that is there, by its name; it is not managed."""
        return existing(cls, EnvironmentProvider(), resource_name, (id, opts), SCHEMA.fields)
