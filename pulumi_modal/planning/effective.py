"""The effective settings of a function, read from the message that a deploy would send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modal._utils.function_utils import get_schedule_str
from modal_proto import api_pb2

from pulumi_modal.planning.recorder import Recorder
from pulumi_modal.planning.values import gpu_value, number, retries_value, web_value
from pulumi_modal.source.settings import inputs_per_container

_BOUNDS = (
    "min_containers",
    "max_containers",
    "buffer_containers",
    "scaledown_window",
    "scaleup_window",
)


def sent_functions(recorder: Recorder) -> dict[str, tuple[Any, list[Any]]]:
    """Tag -> (the function's message, one message for each ranked GPU)."""
    found = {}
    for rpc, request in recorder.calls:
        if rpc != "FunctionCreate" or request.function.is_builder_function:
            continue
        ranked = sorted(request.function_data.ranked_functions, key=lambda one: one.rank)
        messages = [one.function for one in ranked] or [request.function]
        found[messages[0].function_name] = (messages[0], messages)
    return found


def effective_settings(message: Any, ranked: list[Any], recorder: Recorder) -> dict[str, Any]:
    """All settings that have a value, canonical."""
    found: dict[str, Any] = {}
    _resources(message, ranked, found)
    _times(message, found)
    _scaling(message, found)
    _placement(message, found)
    secrets = [recorder.secrets[name] for name in message.secret_ids if name in recorder.secrets]
    found["secrets"] = [one.deployment_name for one in secrets if one.deployment_name]
    found["volumes"] = {
        mount.mount_path: recorder.volumes[mount.volume_id].deployment_name
        for mount in message.volume_mounts
        if mount.volume_id in recorder.volumes
    }
    found["web"] = _web(message)
    if message.HasField("schedule"):
        found["schedule"] = get_schedule_str(message.schedule)
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _resources(message: Any, ranked: list[Any], found: dict[str, Any]) -> None:
    sent = message.resources
    gpus = [
        gpu_value(one.resources.gpu_config.gpu_type, one.resources.gpu_config.count)
        for one in ranked
        if one.resources.gpu_config.gpu_type
    ]
    found["gpu"] = gpus[0] if len(gpus) == 1 else gpus
    cpu, limit = number(sent.milli_cpu / 1000), number(sent.milli_cpu_max / 1000)
    found["cpu"] = [cpu, limit] if limit else cpu or None
    limited = [sent.memory_mb, sent.memory_mb_max]
    found["memory"] = limited if sent.memory_mb_max else sent.memory_mb or None
    found["ephemeral_disk"] = sent.ephemeral_disk_mb or None


def _times(message: Any, found: dict[str, Any]) -> None:
    found["startup_timeout"] = message.startup_timeout_secs or None
    if message.is_server:
        found["startup_timeout"] = message.http_config.startup_timeout or None
    else:
        found["timeout"] = message.timeout_secs
    if message.HasField("retry_policy"):
        found["retries"] = retries_value(message.retry_policy)


def _scaling(message: Any, found: dict[str, Any]) -> None:
    bounds = message.autoscaler_settings
    for key in _BOUNDS:
        if bounds.HasField(key):
            found[key] = getattr(bounds, key)
    found["max_inputs"] = message.max_concurrent_inputs or None
    found["target_inputs"] = message.target_concurrent_inputs or None
    if message.is_server and bounds.HasField("target_concurrency_float"):
        found["target_inputs"] = number(bounds.target_concurrency_float) or None
    found["max_batch_size"] = message.batch_max_size or None
    found["wait_ms"] = message.batch_linger_ms if message.batch_max_size else None
    if found.get("max_containers"):
        each = inputs_per_container(found["max_inputs"], found["max_batch_size"])
        found["max_in_flight"] = found["max_containers"] * each


def _placement(message: Any, found: dict[str, Any]) -> None:
    regions = list(message.scheduler_placement.regions)
    found["region"] = regions[0] if len(regions) == 1 else regions
    found["nonpreemptible"] = message.scheduler_placement.nonpreemptible or None
    found["cloud"] = message.cloud_provider_str
    found["routing_region"] = message.routing_region
    if message.is_server and message.http_config.proxy_regions:
        found["routing_region"] = message.http_config.proxy_regions[0]


def web_configs(message: Any) -> Mapping[str, Any]:
    """Method name (empty for the function itself) -> its web settings, where it has a URL."""
    none = api_pb2.WEBHOOK_TYPE_UNSPECIFIED
    if message.webhook_config.type != none:
        return {"": message.webhook_config}
    return {
        name: method.webhook_config
        for name, method in sorted(message.method_definitions.items())
        if method.webhook_config.type != none
    }


def _web(message: Any) -> Mapping[str, Any]:
    if message.is_server:
        return {"requires_proxy_auth": not message.http_config.unauthenticated}
    return web_value(web_configs(message))
