"""From Modal's description of a deployed function to settings in the words of a stack.

Only what Modal can read back is here (as read in modal 1.6.4 on 2026-11-23): labels, domains,
environment variables and retry delays are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from modal_proto import api_pb2

from pulumi_modal.gateway.port import JsonValue, ObservedFunction
from pulumi_modal.planning.effective import effective_settings
from pulumi_modal.planning.recorder import Recorder

BOUNDS: Final = ("min_containers", "max_containers", "buffer_containers", "scaledown_window")
"""What `set_bounds` can change without a new version."""

READABLE: Final = frozenset(
    {
        "gpu",
        "cpu",
        "memory",
        "ephemeral_disk",
        "timeout",
        "max_inputs",
        "target_inputs",
        "max_batch_size",
        "wait_ms",
        "region",
        "routing_region",
        "cloud",
        "nonpreemptible",
        "schedule",
        *BOUNDS,
        "scaleup_window",
    }
)


def observed(response: Any, scheduling: Any) -> ObservedFunction:
    """A function from the answers of FunctionGet and FunctionGetSchedulingParams."""
    return ObservedFunction(
        function_id=response.function_id,
        settings=_settings(response.function, scheduling.autoscaler_configuration.settings),
        urls=_urls(response),
    )


def _settings(data: Any, bounds: Any) -> Mapping[str, JsonValue]:
    ranked = [one.function for one in sorted(data.ranked_functions, key=lambda one: one.rank)]
    if not ranked:
        return {}
    message = api_pb2.Function()
    message.CopyFrom(ranked[0])
    for name in ("timeout_secs", "routing_region", "is_server"):
        setattr(message, name, getattr(data, name))
    if data.HasField("schedule"):
        message.schedule.CopyFrom(data.schedule)
    message.http_config.CopyFrom(data.http_config)
    message.autoscaler_settings.CopyFrom(bounds)
    found = effective_settings(message, ranked, Recorder())
    return {
        name: value
        for name, value in found.items()
        if name in READABLE and not (name == "max_containers" and value == 0)
    }


def _urls(response: Any) -> Mapping[str, str]:
    flash = list(response.handle_metadata._experimental_flash_urls)  # noqa: SLF001  # a field of the wire
    if flash:
        return {"": flash[0]}
    own = response.handle_metadata.web_url or response.function.web_url
    if own:
        return {"": own}
    found = {
        name: one.web_url for name, one in response.handle_metadata.method_handle_metadata.items()
    }
    return {name: url for name, url in sorted(found.items()) if url}
