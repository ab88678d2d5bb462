"""Definition + `with_options` + what callers set since = what a pool of containers goes by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from modal_proto import api_pb2

_AUTOSCALER_OPTIONS: Final[Mapping[str, str]] = {
    "concurrency_limit": "max_containers",
    "warm_pool_size": "min_containers",
    "buffer_containers": "buffer_containers",
    "task_idle_timeout_secs": "scaledown_window",
}
_PLAIN_OPTIONS: Final = (
    "timeout_secs",
    "target_concurrent_inputs",
    "max_concurrent_inputs",
    "batch_max_size",
    "batch_linger_ms",
    "cloud_provider_str",
    "routing_region",
)
_MESSAGE_OPTIONS: Final = ("resources", "retry_policy", "scheduler_placement")
_LIST_OPTIONS: Final = (
    ("secret_ids", "replace_secret_ids"),
    ("volume_mounts", "replace_volume_mounts"),
    ("cloud_bucket_mounts", "replace_cloud_bucket_mounts"),
)


def with_options(
    definition: api_pb2.Function, options: api_pb2.FunctionOptions
) -> api_pb2.Function:
    """The definition of a variant."""
    variant = api_pb2.Function()
    variant.CopyFrom(definition)
    given = {field.name for field, _ in options.ListFields()}
    for name in given.intersection(_PLAIN_OPTIONS):
        setattr(variant, name, getattr(options, name))
    for name in given.intersection(_MESSAGE_OPTIONS):
        getattr(variant, name).CopyFrom(getattr(options, name))
    for name in given.intersection(_AUTOSCALER_OPTIONS):
        setattr(variant.autoscaler_settings, _AUTOSCALER_OPTIONS[name], getattr(options, name))
    for name, replaces in _LIST_OPTIONS:
        items = getattr(variant, name)
        if getattr(options, replaces):
            del items[:]
        items.extend(getattr(options, name))
    variant.mount_ids.extend(options.mount_ids)
    return variant


def autoscaler_in_force(
    definition: api_pb2.Function, override: api_pb2.AutoscalerSettings
) -> api_pb2.AutoscalerSettings:
    """Bounds of the definition, under what a caller set since the deploy."""
    settings = api_pb2.AutoscalerSettings()
    settings.CopyFrom(definition.autoscaler_settings)
    settings.MergeFrom(override)
    return settings
