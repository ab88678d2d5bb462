"""What a stack keeps in Modal beside its services: secrets, volumes, dicts and queues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from pulumi_modal.resources.dict import Dict
from pulumi_modal.resources.environment import Environment
from pulumi_modal.resources.queue import Queue
from pulumi_modal.resources.secret import Secret
from pulumi_modal.resources.volume import Volume

if TYPE_CHECKING:
    from pulumi_modal.spec.plan import Plan
    from pulumi_modal.spec.stack import StackSpec


@dataclass(frozen=True)
class Storage:
    """What was declared of it, by name."""

    secrets: Mapping[str, Secret]
    others: tuple[pulumi.Resource, ...]

    def resources(self) -> tuple[pulumi.Resource, ...]:
        """All of it: services come after it, and go before it."""
        return (*self.secrets.values(), *self.others)


def declare_storage(stack: StackSpec, environment: Environment) -> Storage:
    """Declare everything that the stack keeps."""
    secrets = {
        name: Secret(
            name,
            values={key: pulumi.Output.secret(one.get_secret_value()) for key, one in held.items()},
            environment=environment.name,
            workspace=stack.workspace,
        )
        for name, held in stack.secrets.items()
    }
    volumes = [
        Volume(
            name,
            version=volume.version,
            on_delete=volume.on_delete,
            environment=environment.name,
            workspace=stack.workspace,
            opts=pulumi.ResourceOptions(protect=volume.protect),
        )
        for name, volume in stack.volumes.items()
    ]
    collections = [
        kind(
            name,
            on_delete=one.on_delete,
            environment=environment.name,
            workspace=stack.workspace,
            opts=pulumi.ResourceOptions(protect=one.protect),
        )
        for kind, declared in ((Dict, stack.dicts), (Queue, stack.queues))
        for name, one in declared.items()
    ]
    return Storage(secrets, (*volumes, *collections))


def rolling(
    plans: Iterable[Plan], secrets: Mapping[str, Secret], environment: str
) -> dict[str, pulumi.Output[str]] | None:
    """What starts new containers of apps: a change of one of these secrets that the code names."""
    named = {
        one.name
        for plan in plans
        for one in plan.secrets
        if one.environment in {"", environment} and one.name in secrets
    }
    return {f"secret {name}": secrets[name].digest for name in sorted(named)} or None
