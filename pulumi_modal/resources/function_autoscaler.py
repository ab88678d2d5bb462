"""`FunctionAutoscaler`: bounds over a function of an app that something else deploys."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi.dynamic import Resource

from pulumi_modal.provider.function_autoscaler import SCHEMA, FunctionAutoscalerProvider
from pulumi_modal.resources.existing import existing
from pulumi_modal.spec.resources.model import LOCAL

_TOLD = tuple(SCHEMA.outputs.model_fields)


class FunctionAutoscaler(Resource, module="modal", name="FunctionAutoscaler"):
    """Bounds over a function of an app that something else deploys.

    Set at once, without a new version. A deploy of that app wipes them: a refresh sees it, and the
    next `pulumi up` sets them again. Deleting brings back the deploy's own. An app of this program
    takes them in its `overrides` instead. The id is `<environment>/<app name>/<function>`.
    """

    app_name: pulumi.Output[str]
    """Name of the app in Modal."""
    function: pulumi.Output[str]
    """Name of the function, class or server."""
    environment: pulumi.Output[str]
    """The environment of the app."""
    workspace: pulumi.Output[str]
    """The workspace of the app."""
    min_containers: pulumi.Output[int | None]
    """Containers that are kept running."""
    max_containers: pulumi.Output[int | None]
    """Containers at most."""
    buffer_containers: pulumi.Output[int | None]
    """Idle containers that are kept ready while there is work."""
    scaledown_window: pulumi.Output[int | None]
    """How long an idle container is kept, in seconds."""
    function_id: pulumi.Output[str]
    """Modal's id of the function, `fu-...`."""
    deployed: pulumi.Output[Mapping[str, int]]
    """The bounds of the deploy, which a delete brings back."""
    in_force: pulumi.Output[Mapping[str, int]]
    """The bounds in force after the last apply or refresh."""

    def __init__(  # noqa: PLR0913  # the inputs of an autoscaler, keyword only
        self,
        resource_name: str,
        *,
        app_name: pulumi.Input[str],
        function: pulumi.Input[str],
        environment: pulumi.Input[str],
        workspace: pulumi.Input[str] = LOCAL,
        min_containers: pulumi.Input[int] | None = None,
        max_containers: pulumi.Input[int] | None = None,
        buffer_containers: pulumi.Input[int] | None = None,
        scaledown_window: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare bounds; at least one.

        - `app_name`, `function`: what they are for; `function` may be a class or a server.
        - `environment`, `workspace`: where the app is; other credentials are refused.
        - `min_containers`, `max_containers`: containers kept running, and containers at most.
        - `buffer_containers`: idle containers that are kept ready while there is work.
        - `scaledown_window`: how long an idle container is kept, in seconds.
        """
        inputs = {
            "app_name": app_name,
            "function": function,
            "environment": environment,
            "workspace": workspace,
            "min_containers": min_containers,
            "max_containers": max_containers,
            "buffer_containers": buffer_containers,
            "scaledown_window": scaledown_window,
        }
        told = dict.fromkeys(_TOLD)
        super().__init__(FunctionAutoscalerProvider(), resource_name, {**told, **inputs}, opts)

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],  # noqa: A002  # as in every class of Pulumi
        opts: pulumi.ResourceOptions | None = None,
    ) -> FunctionAutoscaler:
        """Bounds as they are, by their id `<environment>/<app name>/<function>`."""
        return existing(cls, FunctionAutoscalerProvider(), resource_name, (id, opts), SCHEMA.fields)
