"""`Environment`: a Modal environment."""

from __future__ import annotations

import pulumi
from pulumi.dynamic import Resource

from pulumi_modal.gateway.credentials import LOCAL_WORKSPACE
from pulumi_modal.provider.environment import EnvironmentProvider


class Environment(Resource, module="modal", name="Environment"):
    """A Modal environment: apps, secrets and volumes of one stage, apart from those of others.

    One that exists already is used as it is, and a destroy leaves it alone. The id is its name.
    """

    name: pulumi.Output[str]
    """Its name, as in `modal environment list`."""
    workspace: pulumi.Output[str]
    """The workspace it belongs to."""
    adopted: pulumi.Output[bool]
    """True when it was there before this stack."""

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        workspace: pulumi.Input[str] = LOCAL_WORKSPACE,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare an environment.

        - `name`: its name in Modal; the resource's name when left out.
        - `workspace`: the one it belongs to; `local` is the project's own local Modal.
        """
        props = {"name": name or resource_name, "workspace": workspace, "adopted": None}
        super().__init__(EnvironmentProvider(), resource_name, props, opts)
