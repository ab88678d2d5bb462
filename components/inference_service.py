"""An inference service: one Modal file, deployed as one app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_modal.resources.app import App
from pulumi_modal.spec.plan import Plan
from pulumi_modal.spec.service import ServiceSpec
from pulumi_modal.spec.stack import StackSpec

from .summary import gpu_of, max_in_flight_of


class InferenceService(pulumi.ComponentResource):
    """Declares the app of a service; it has no inputs of its own, so a diff is told once."""

    url: pulumi.Output[str]
    app_id: pulumi.Output[str]
    version: pulumi.Output[int]
    environment: pulumi.Output[str]
    gpu: pulumi.Output[str]
    """`H100`, or by function when they differ, or `none`."""
    max_in_flight: pulumi.Output[int | None]
    """Requests that the service works on at most; None when its containers have no limit."""
    functions: pulumi.Output[Mapping[str, Any]]
    """The effective settings of every function, class and server."""

    def __init__(
        self,
        service: ServiceSpec,
        stack: StackSpec,
        plan: Plan,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("modal:inference:Service", service.app_name, None, opts)
        app = App(
            service.app_name,
            source=service.source,
            app_name=service.app_name,
            environment=stack.environment,
            workspace=stack.workspace,
            plan=plan,
            strategy=service.strategy,
            tag=service.tag,
            probe=service.probe.settings() if service.probe else None,
            app=service.app,
            # Its own too: the engine does not look at a parent's when it orders deletes.
            opts=pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None),
        )
        self.url = app.url
        self.app_id = app.app_id
        self.version = app.version
        self.environment = pulumi.Output.from_input(stack.environment)
        self.gpu = app.functions.apply(gpu_of)
        self.max_in_flight = app.functions.apply(max_in_flight_of)
        self.functions = app.functions
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, pulumi.Output[Any]]:
        """What a stack exports of it."""
        names = ("url", "app_id", "version", "environment", "gpu", "max_in_flight", "functions")
        return {name: getattr(self, name) for name in names}
