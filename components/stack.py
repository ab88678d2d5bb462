"""A whole stack: its Modal environment, what it keeps there, and its services."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_modal.resources.environment import Environment
from pulumi_modal.spec.stack import StackSpec

from .gpu_variants import GpuVariants
from .inference_service import InferenceService
from .planning import Planned
from .storage import declare_storage


def declare(stack: StackSpec, planned: Planned) -> dict[str, Any]:
    """Declare everything; the answer is what the stack exports, by the name of a service.

    A variant stands under the name of its app (`infer-t4`).
    """
    environment = _environment(stack)
    storage = declare_storage(stack, environment)
    after = pulumi.ResourceOptions(depends_on=[environment, *storage.resources()])
    services: dict[str, InferenceService] = {}
    for name, service in stack.services.items():
        if service.variants:
            group = GpuVariants.declared(
                service,
                stack,
                planned.plans,
                secrets=storage.secrets,
                web_suffix=environment.suffix,
                opts=after,
            )
            services |= {f"{name}-{one}": made for one, made in group.variants.items()}
        else:
            plan = planned.plans[service.app_name]
            services[name] = InferenceService.declared(
                service,
                stack,
                plan,
                secrets=storage.secrets,
                web_suffix=environment.suffix,
                opts=after,
            )
    return {name: service.outputs() for name, service in services.items()}


def _environment(stack: StackSpec) -> Environment:
    """The environment, under a name in Pulumi that stays when it is called otherwise in Modal."""
    said = stack.environment_settings
    return Environment(
        "environment",
        name=stack.environment,
        workspace=stack.workspace,
        opts=pulumi.ResourceOptions(
            protect=said.protect if said else None,
            aliases=[pulumi.Alias(name=stack.environment)],  # as it was called in older states
        ),
        **(said.settings() if said else {}),
    )
