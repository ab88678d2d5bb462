"""What a stack file says of a service, as the arguments of the components that declare it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_modal.spec.service import ServiceSpec
    from pulumi_modal.spec.stack import StackSpec


def said_by(service: ServiceSpec, stack: StackSpec) -> dict[str, Any]:
    """All that holds for a service and for each of its variants; settings are in its plans."""
    return {
        "source": service.source,
        "environment": stack.environment,
        "workspace": stack.workspace,
        "app": service.app,
        "strategy": service.strategy,
        "tag": service.tag,
        "adopt": service.adopt,
        "probe": service.probe.settings() if service.probe else None,
        "on_failure": service.on_failure,
        "canary": service.canary.settings() if service.canary else None,
    }
