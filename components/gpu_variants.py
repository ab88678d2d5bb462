"""One Modal file on several GPUs: an app for each, to be compared under one load."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from pulumi_modal.spec.plan import Plan
from pulumi_modal.spec.service import ServiceSpec
from pulumi_modal.spec.stack import StackSpec

from .inference_service import InferenceService


class GpuVariants(pulumi.ComponentResource):
    """Declares an `InferenceService` per variant: `infer-t4`, `infer-a100`, `infer-h100`."""

    variants: Mapping[str, InferenceService]
    """By variant (`t4`), each with limits and outputs of its own."""

    def __init__(
        self,
        service: ServiceSpec,
        stack: StackSpec,
        plans: Mapping[str, Plan],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("modal:inference:GpuVariants", service.app_name, None, opts)
        below = pulumi.ResourceOptions(parent=self, depends_on=opts.depends_on if opts else None)
        self.variants = {
            name: InferenceService(one, stack, plans[one.app_name], below)
            for name, one in service.deployments().items()
        }
        self.register_outputs({name: one.outputs() for name, one in self.variants.items()})
