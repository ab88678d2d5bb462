"""What a deploy may ask of a function: the rules that Modal's server keeps, as sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from modal_proto import api_pb2

from modal_local.scheduling.gpu import gpu_refusal

LONGEST_TIMEOUT_S: Final = 24 * 3600
SCALEDOWN_WINDOWS_S: Final = range(2, 3601)
MOST_CONTAINERS: Final = 4_000
MOST_DISK_MIB: Final = 3 * 1024 * 1024
MOST_BATCHED: Final = 1_000
LONGEST_LINGER_MS: Final = 600_000
CLOUDS: Final = ("aws", "gcp", "oci", "auto")
ROUTING_REGIONS: Final = ("us-east", "us-west", "eu-west", "ap-south")
REGIONS: Final = (
    *("us", "eu", "ap", "uk", "ca", "me", "sa", "af", "mx"),
    *("us-east", "us-central", "us-south", "us-west", "eu-west", "eu-north", "eu-south"),
    *("ap-northeast", "ap-southeast", "ap-south", "ap-melbourne", "jp", "au"),
)
_NAME: Final = re.compile(r"^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}(\.\*)?$")


def refusals(data: api_pb2.FunctionData) -> list[str]:
    """Why this function cannot be deployed; nothing when it can."""
    found = [*_of_name(data)]
    seen: set[str] = set()
    for ranked in data.ranked_functions:
        for sentence in _of_function(ranked.function):
            if sentence not in seen:
                seen.add(sentence)
                found.append(sentence)
    return found


def _of_name(data: api_pb2.FunctionData) -> Iterator[str]:
    if not _NAME.match(data.function_name):
        yield f'function name "{data.function_name}" is not accepted.'
    if data.routing_region and data.routing_region not in ROUTING_REGIONS:
        yield _unknown("routing_region", data.routing_region, ROUTING_REGIONS)


def _of_function(function: api_pb2.Function) -> Iterator[str]:
    yield from _of_hardware(function)
    yield from _of_times(function)
    yield from _of_scaling(function)
    yield from _of_concurrency(function)
    yield from _of_placement(function)


def _of_hardware(function: api_pb2.Function) -> Iterator[str]:
    resources = function.resources
    refusal = gpu_refusal(resources.gpu_config)
    if refusal is not None:
        yield refusal
    if 0 < resources.milli_cpu_max < resources.milli_cpu:
        yield "the limit of cpu is below the request."
    if 0 < resources.memory_mb_max < resources.memory_mb:
        yield "the limit of memory is below the request."
    if resources.ephemeral_disk_mb > MOST_DISK_MIB:
        yield f"ephemeral_disk {resources.ephemeral_disk_mb} MiB is above {MOST_DISK_MIB} MiB."


def _of_times(function: api_pb2.Function) -> Iterator[str]:
    times = [("startup_timeout", function.startup_timeout_secs)]
    if not function.is_server:  # a server has no inputs that could run too long
        times.append(("timeout", function.timeout_secs))
    for name, seconds in times:
        if not 1 <= seconds <= LONGEST_TIMEOUT_S:
            yield f"{name} is {seconds} s; it must be between 1 and {LONGEST_TIMEOUT_S} s."


def _of_scaling(function: api_pb2.Function) -> Iterator[str]:
    settings = function.autoscaler_settings
    low, high = settings.min_containers, settings.max_containers
    if high and low > high:
        yield f"min_containers {low} is above max_containers {high}."
    if high > MOST_CONTAINERS:
        yield f"max_containers {high} is above {MOST_CONTAINERS}."
    if settings.scaledown_window and settings.scaledown_window not in SCALEDOWN_WINDOWS_S:
        yield f"scaledown_window is {settings.scaledown_window} s; it must be between 2 and 3600 s."


def _of_concurrency(function: api_pb2.Function) -> Iterator[str]:
    most, target = function.max_concurrent_inputs, function.target_concurrent_inputs
    if most and target > most:
        yield f"target_inputs {target} is above max_inputs {most}."
    if function.batch_max_size > MOST_BATCHED:
        yield f"max_batch_size {function.batch_max_size} is above {MOST_BATCHED}."
    if function.batch_linger_ms > LONGEST_LINGER_MS:
        yield f"wait_ms {function.batch_linger_ms} is above {LONGEST_LINGER_MS}."


def _of_placement(function: api_pb2.Function) -> Iterator[str]:
    placement = function.scheduler_placement
    if placement.nonpreemptible and function.resources.gpu_config.count:
        yield "nonpreemptible is not supported with a GPU."
    for region in placement.regions:
        if region not in REGIONS:
            yield _unknown("region", region, REGIONS)
    cloud = function.cloud_provider_str
    if cloud and cloud.lower() not in CLOUDS:
        yield _unknown("cloud", cloud, CLOUDS)


def _unknown(kind: str, value: str, known: tuple[str, ...]) -> str:
    return f'{kind} "{value}" is unknown; there are {", ".join(known)}.'
