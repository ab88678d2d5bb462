"""Which provider serves a type of resource: for what comes without one, as an import does."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from pulumi.dynamic import ResourceProvider

TYPES: Final = "pulumi-python:dynamic/modal:"

PROVIDERS: Final[Mapping[str, str]] = {
    f"{TYPES}App": "pulumi_modal.provider.app.AppProvider",
    f"{TYPES}Dict": "pulumi_modal.provider.dict.DictProvider",
    f"{TYPES}Environment": "pulumi_modal.provider.environment.EnvironmentProvider",
    f"{TYPES}FunctionAutoscaler": (
        "pulumi_modal.provider.function_autoscaler.FunctionAutoscalerProvider"
    ),
    f"{TYPES}ProxyToken": "pulumi_modal.provider.proxy_token.ProxyTokenProvider",
    f"{TYPES}Queue": "pulumi_modal.provider.queue.QueueProvider",
    f"{TYPES}Secret": "pulumi_modal.provider.secret.SecretProvider",
    f"{TYPES}Volume": "pulumi_modal.provider.volume.VolumeProvider",
}
"""By type token, the path of the class, which is the one that a state file holds."""


def provider_of(type_token: str) -> ResourceProvider | None:
    """A new provider for resources of this type; None when the type is none of ours."""
    path = PROVIDERS.get(type_token)
    if path is None:
        return None
    module, _, name = path.rpartition(".")
    found: ResourceProvider = getattr(import_module(module), name)()  # late: one noun, not all
    return found
