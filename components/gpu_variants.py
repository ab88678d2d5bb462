"""One Modal file on several GPUs: an app for each, to be compared under one load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, Unpack, cast

import pulumi

from pulumi_modal.resources.secret import Secret
from pulumi_modal.resources.settings import CanarySettings, FunctionSettings, ProbeSettings
from pulumi_modal.spec.stack import LOCAL

from .declared import said_by
from .inference_service import InferenceService
from .layers import laid_over
from .options import of_child
from .storage import rolling

if TYPE_CHECKING:
    from pulumi_modal.spec.plan import Plan
    from pulumi_modal.spec.service import ServiceSpec
    from pulumi_modal.spec.stack import StackSpec


class VariantSettings(FunctionSettings, total=False):
    """What one variant sets over the service."""

    functions: pulumi.Input[Mapping[str, pulumi.Input[FunctionSettings]]]
    """Settings by the name of a function, class or server, over those of the service."""


class GpuVariants(pulumi.ComponentResource):
    """Declares an `InferenceService` per variant: `infer-t4`, `infer-a100`, `infer-h100`."""

    variants: Mapping[str, InferenceService]
    """By variant (`t4`), each with limits and outputs of its own."""

    def __init__(  # noqa: PLR0913  # what a service declares, keyword only
        self,
        resource_name: str,
        *,
        source: pulumi.Input[str],
        environment: pulumi.Input[str],
        variants: Mapping[str, VariantSettings],
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
        plans: Mapping[str, Plan] | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[FunctionSettings],
    ) -> None:
        """Declare the variants.

        :param resource_name: Its name in Pulumi; the apps are called `<name>-<variant>`.
        :param source: The Modal file, relative to the folder of Pulumi.yaml.
        :param environment: The Modal environment that they are deployed to.
        :param variants: What each variant sets over the service (`{"t4": {"gpu": "T4"}}`).
        :param workspace: The workspace that they belong to; `local` is the project's local Modal.
        :param functions: Settings of all variants, by the name of a function, class or server.
        :param app: The variable that holds the `modal.App`, when the file has several.
        :param pattern: How requests are served, which is then checked: `stateless`, `stateful` or
            `batched`.
        :param strategy: How a new version takes over: `rolling` (default) or `recreate`.
        :param tag: A mark on the deployments, shown in `modal app history`.
        :param probe: When one counts as ready (`{"path": "/health"}`); `True` takes all defaults.
        :param adopt: Take over apps of these names that this stack has not deployed.
        :param triggers: Whatever containers take in when they start, by labels of your choice
            (`{"secret huggingface": secret.digest}`); a change starts new ones.
        :param web_suffix: The `suffix` of the environment, so that another one shows as other URLs.
        :param on_failure: What becomes of a version that is not ready: `keep` (default) or
            `rollback` to the one that was healthy last. Needs a probe.
        :param canary: How a new version is tried beside the old one, under load, before it takes
            over; `True` takes all defaults. Needs a probe.
        :param plans: What the program has planned already, by variant.
        :param opts: Options of the component. What it says of changes, replacements and timeouts
            holds for the apps below it.
        :param settings: Settings of all variants, for the only function, class or server of the
            file (`max_containers=4`).
        """
        super().__init__("modal:inference:GpuVariants", resource_name, None, opts)
        self.variants = {}
        for name, variant in variants.items():
            own: dict[str, Any] = {**variant}
            merged: Any = laid_over(functions, own.pop("functions", None))
            self.variants[name] = InferenceService(
                f"{resource_name}-{name}",
                source=source,
                environment=environment,
                workspace=workspace,
                functions=merged,
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
                plan=plans[name] if plans else None,
                opts=of_child(self, opts),
                **cast("FunctionSettings", laid_over(settings, own)),
            )
        self.register_outputs({})  # each variant has its own

    @classmethod
    def declared(  # noqa: PLR0913  # what a stack gives a service
        cls,
        service: ServiceSpec,
        stack: StackSpec,
        plans: Mapping[str, Plan],
        *,
        secrets: Mapping[str, Secret] | None = None,
        web_suffix: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """The variants that a stack file declares; `plans` are by the name of an app."""
        deployed = service.deployments()
        return cls(
            service.app_name,
            variants={name: {} for name in deployed},
            triggers=rolling(
                [plans[one.app_name] for one in deployed.values()],
                secrets or {},
                stack.environment,
            ),
            web_suffix=web_suffix,
            plans={name: plans[one.app_name] for name, one in deployed.items()},
            opts=opts,
            **said_by(service, stack),
        )
