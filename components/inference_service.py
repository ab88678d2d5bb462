"""An inference service: one Modal file, deployed as one app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, Unpack

import pulumi

from pulumi_modal.resources.app import App
from pulumi_modal.resources.secret import Secret
from pulumi_modal.resources.settings import CanarySettings, FunctionSettings, ProbeSettings
from pulumi_modal.spec.stack import LOCAL

from .declared import said_by
from .options import of_child
from .storage import rolling
from .summary import gpu_of, max_in_flight_of

if TYPE_CHECKING:
    from pulumi_modal.spec.plan import Plan
    from pulumi_modal.spec.service import ServiceSpec
    from pulumi_modal.spec.stack import StackSpec


class InferenceService(pulumi.ComponentResource):
    """Declares the app of a service; it has no inputs of its own, so a diff is told once."""

    url: pulumi.Output[str]
    """URL of the service; empty when nothing in it has one."""
    app_id: pulumi.Output[str]
    """Modal's id of its app, `ap-...`."""
    version: pulumi.Output[int]
    """Number of the deployed version, from 1."""
    environment: pulumi.Output[str]
    """The Modal environment that it is deployed to."""
    functions: pulumi.Output[Mapping[str, Any]]
    """The effective settings of every function, class and server."""

    def __init__(  # noqa: PLR0913  # what a service declares, keyword only
        self,
        resource_name: str,
        *,
        source: pulumi.Input[str],
        environment: pulumi.Input[str],
        app_name: pulumi.Input[str] | None = None,
        workspace: pulumi.Input[str] = LOCAL,
        functions: pulumi.Input[Mapping[str, pulumi.Input[FunctionSettings]]] | None = None,
        app: pulumi.Input[str] | None = None,
        pattern: pulumi.Input[str] | None = None,
        strategy: pulumi.Input[str] | None = None,
        tag: pulumi.Input[str] | None = None,
        probe: pulumi.Input[ProbeSettings | bool] | None = None,
        adopt: pulumi.Input[bool] | None = None,
        triggers: pulumi.Input[Mapping[str, Any]] | None = None,
        web_suffix: pulumi.Input[str] | None = None,
        on_failure: pulumi.Input[str] | None = None,
        canary: pulumi.Input[CanarySettings | bool] | None = None,
        plan: Plan | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[FunctionSettings],
    ) -> None:
        """Declare a service.

        :param resource_name: Its name in Pulumi, and of the app.
        :param source: The Modal file, relative to the folder of Pulumi.yaml.
        :param environment: The Modal environment that it is deployed to.
        :param app_name: Name of the app in Modal; the resource's name when left out.
        :param workspace: The workspace that it belongs to; `local` is the project's local Modal.
        :param functions: Settings over the code's, by the name of a function, class or server. None
            of them may be a secret.
        :param app: The variable that holds the `modal.App`, when the file has several.
        :param pattern: How requests are served, which is then checked: `stateless`, `stateful` or
            `batched`.
        :param strategy: How a new version takes over: `rolling` (default) or `recreate`.
        :param tag: A mark on the deployment, shown in `modal app history`.
        :param probe: When it counts as ready (`{"path": "/health"}`); `True` takes all defaults.
        :param adopt: Take over an app of this name that this stack has not deployed.
        :param triggers: Whatever containers take in when they start, by labels of your choice
            (`{"secret huggingface": secret.digest}`); a change starts new ones.
        :param web_suffix: The `suffix` of the environment, so that another one shows as other URLs.
        :param on_failure: What becomes of a version that is not ready: `keep` (default) or
            `rollback` to the one that was healthy last. Needs a probe.
        :param canary: How a new version is tried beside the old one, under load, before it takes
            over; `True` takes all defaults. Needs a probe.
        :param plan: What the program has planned already, with its settings.
        :param opts: Options of the component. What it says of changes, replacements and timeouts
            holds for the app below it.
        :param settings: Settings of the only function, class or server of the file
            (`gpu="H100:2", max_containers=4`).
        """
        super().__init__("modal:inference:Service", resource_name, None, opts)
        made = App(
            resource_name,
            source=source,
            app_name=app_name,
            environment=environment,
            workspace=workspace,
            overrides=functions,
            settings=settings or None,
            app=app,
            pattern=pattern,
            strategy=strategy,
            tag=tag,
            probe=probe,
            adopt=adopt,
            triggers=triggers,
            web_suffix=web_suffix,
            on_failure=on_failure,
            canary=canary,
            plan=plan,
            opts=of_child(self, opts),
        )
        self.url = made.url
        self.app_id = made.app_id
        self.version = made.version
        self.environment = pulumi.Output.from_input(environment)
        self.functions = made.functions
        self.register_outputs({})  # the app below it has them, and a state says them once

    @property
    def gpu(self) -> pulumi.Output[str]:
        """`H100`, or by function when they differ, or `none`."""
        return self.functions.apply(gpu_of)

    @property
    def max_in_flight(self) -> pulumi.Output[int | None]:
        """Requests it works on at most; None when its containers have no limit."""
        return self.functions.apply(max_in_flight_of)

    @classmethod
    def declared(  # noqa: PLR0913  # what a stack gives a service
        cls,
        service: ServiceSpec,
        stack: StackSpec,
        plan: Plan,
        *,
        secrets: Mapping[str, Secret] | None = None,
        web_suffix: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """The service that a stack file declares, with the plan that was made of it.

        A change of one of these `secrets`, which are the stack's own, starts new containers where
        the code names it.
        """
        return cls(
            service.app_name,
            triggers=rolling([plan], secrets or {}, stack.environment),
            web_suffix=web_suffix,
            plan=plan,
            opts=opts,
            **said_by(service, stack),
        )

    def outputs(self) -> dict[str, pulumi.Output[Any]]:
        """What a stack exports of it."""
        names = ("url", "app_id", "version", "environment", "gpu", "max_in_flight", "functions")
        return {name: getattr(self, name) for name in names}
