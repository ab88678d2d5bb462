"""Pulumi provider for Modal.

Names are resolved late: the dynamic provider host imports this package to unpickle a
provider class, and must not load the SDK or register anything by doing so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_modal.components import GpuVariants, InferenceService
    from pulumi_modal.resources.app import App
    from pulumi_modal.resources.dict import Dict
    from pulumi_modal.resources.environment import Environment
    from pulumi_modal.resources.function_autoscaler import FunctionAutoscaler
    from pulumi_modal.resources.lookups import (
        get_app,
        get_app_output,
        get_environment,
        get_environment_output,
        get_function,
        get_function_output,
        get_secret,
        get_secret_output,
        get_volume,
        get_volume_output,
    )
    from pulumi_modal.resources.proxy_token import ProxyToken
    from pulumi_modal.resources.queue import Queue
    from pulumi_modal.resources.secret import Secret
    from pulumi_modal.resources.volume import Volume

__all__ = [
    "App",
    "Dict",
    "Environment",
    "FunctionAutoscaler",
    "GpuVariants",
    "InferenceService",
    "ProxyToken",
    "Queue",
    "Secret",
    "Volume",
    "get_app",
    "get_app_output",
    "get_environment",
    "get_environment_output",
    "get_function",
    "get_function_output",
    "get_secret",
    "get_secret_output",
    "get_volume",
    "get_volume_output",
]

_HOME = {
    "App": "pulumi_modal.resources.app",
    "Dict": "pulumi_modal.resources.dict",
    "Environment": "pulumi_modal.resources.environment",
    "FunctionAutoscaler": "pulumi_modal.resources.function_autoscaler",
    "GpuVariants": "pulumi_modal.components",
    "InferenceService": "pulumi_modal.components",
    "ProxyToken": "pulumi_modal.resources.proxy_token",
    "Queue": "pulumi_modal.resources.queue",
    "Secret": "pulumi_modal.resources.secret",
    "Volume": "pulumi_modal.resources.volume",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME.get(name, "pulumi_modal.resources.lookups")), name)
