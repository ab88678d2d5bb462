"""Resources that are there already, and are read instead of declared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import pulumi
from pulumi.dynamic import Resource, ResourceProvider

ResourceT = TypeVar("ResourceT", bound=Resource)


def existing(
    kind: type[ResourceT],
    provider: ResourceProvider,
    resource_name: str,
    place: tuple[pulumi.Input[str], pulumi.ResourceOptions | None],
    outputs: Iterable[str],
) -> ResourceT:
    """The resource of this id, as it is: nothing of it is managed, and a destroy leaves it."""
    id_, opts = place
    found = kind.__new__(kind)
    named = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))
    Resource.__init__(found, provider, resource_name, dict.fromkeys(outputs), named)
    return found
