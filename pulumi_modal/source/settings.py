"""A stack's canonical settings, as arguments of the SDK's funnel: a table and its exceptions.

Pure: no SDK here. `source/objects.py` does what needs the SDK's objects (env, secrets, ...).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ARGUMENT: Final[Mapping[str, str]] = {
    "gpu": "gpu",
    "cpu": "cpu",
    "memory": "memory",
    "ephemeral_disk": "ephemeral_disk",
    "timeout": "timeout",
    "startup_timeout": "startup_timeout",
    "retries": "retries",
    "min_containers": "min_containers",
    "max_containers": "max_containers",
    "buffer_containers": "buffer_containers",
    "scaledown_window": "scaledown_window",
    "scaleup_window": "scaleup_window",
    "max_inputs": "max_concurrent_inputs",
    "target_inputs": "target_concurrent_inputs",
    "max_batch_size": "batch_max_size",
    "wait_ms": "batch_wait_ms",
    "region": "region",
    "routing_region": "routing_region",
    "cloud": "cloud",
    "nonpreemptible": "nonpreemptible",
}
"""Setting -> keyword of `_Function._from_local`."""

WITH_OBJECTS: Final = frozenset({"env", "secrets", "volumes", "web"})
"""Settings that `source/objects.py` applies."""

_ORDERED: Final = (("min_containers", "max_containers"), ("target_inputs", "max_inputs"))
_PAIRS: Final = frozenset({"cpu", "memory"})
_NOT_ON_SERVERS: Final[Mapping[str, str]] = {
    "timeout": "a server has no timeout for its requests",
    "retries": "a server does not retry",
    "max_batch_size": "a server has no batching",
    "wait_ms": "a server has no batching",
}
Arguments = Mapping[str, Any]


def simple_arguments(
    settings: Mapping[str, Any], code: Arguments, *, is_server: bool
) -> tuple[dict[str, Any], list[str]]:
    """The keywords that settings turn into, and a sentence for each setting that cannot be."""
    found: dict[str, Any] = {}
    refused: list[str] = []
    for key, value in settings.items():
        reason = _refusal(key, code, is_server=is_server)
        if reason:
            refused.append(f"{key}: {reason}")
        elif key in ARGUMENT:
            pair = key in _PAIRS and isinstance(value, list)
            found[ARGUMENT[key]] = tuple(value) if pair else value
    one_time = code["startup_timeout"] in (None, code["timeout"])
    if "timeout" in found and "startup_timeout" not in found and one_time:
        # Modal takes `timeout` for both when the code names only one: so does the stack.
        found["startup_timeout"] = found["timeout"]
    _in_flight(settings, {**code, **found}, found, refused)
    refused += _out_of_order(settings, code, found)
    return found, refused


def _refusal(key: str, code: Arguments, *, is_server: bool) -> str:
    if key == "schedule":
        return "a schedule belongs to the code (`schedule=modal.Cron(...)`); remove it here"
    if is_server and key in _NOT_ON_SERVERS:
        return f"{_NOT_ON_SERVERS[key]}; remove it"
    if key == "scaleup_window" and not is_server:
        return "only servers (`@app.server`) have a scaleup window; remove it"
    if key in ("max_batch_size", "wait_ms") and not code["batch_max_size"]:
        return (
            "the code is not batched and would get lists it does not expect;"
            " decorate it with `@modal.batched`, or remove the setting"
        )
    if key in ("max_inputs", "target_inputs") and code["single_use_containers"]:
        return "the code says single_use_containers=True, so a container takes one input; remove it"
    known = key in ARGUMENT or key in WITH_OBJECTS or key == "max_in_flight"
    return "" if known else "there is no such setting; see the list of settings"


def _in_flight(
    settings: Mapping[str, Any], merged: Arguments, found: dict[str, Any], refused: list[str]
) -> None:
    """Turn a declared cap of inputs in flight into `max_containers`, when nothing else says it."""
    cap = settings.get("max_in_flight")
    if cap is None:
        return
    each = inputs_per_container(merged["max_concurrent_inputs"], merged["batch_max_size"])
    if "max_containers" in settings:
        if settings["max_containers"] * each != cap:
            refused.append(
                f"max_in_flight: {cap} is not max_containers x inputs per container"
                f" ({settings['max_containers']} x {each} = {settings['max_containers'] * each});"
                " leave one of them out"
            )
    elif cap % each:
        refused.append(
            f"max_in_flight: {cap} is no multiple of the {each} inputs a container takes;"
            f" say {max(1, cap // each) * each} or {(cap // each + 1) * each}"
        )
    else:
        found["max_containers"] = cap // each


def _out_of_order(settings: Mapping[str, Any], code: Arguments, found: dict[str, Any]) -> list[str]:
    """Bounds that the stack turns around against the code; taken out of `found`."""
    refused = []
    for low, high in _ORDERED:
        lower, upper = ({**code, **found}[ARGUMENT[key]] for key in (low, high))
        changed = {ARGUMENT[low], ARGUMENT[high]} & found.keys()
        if not changed or lower is None or not upper or lower <= upper:
            continue
        if low in settings:
            where = "" if high in settings else " in the code"
            refused.append(f"{low}: {lower} is above {high} ({upper}{where}); set both, in order")
        else:
            said = high if high in settings else "max_in_flight"
            makes = f"{upper}" if said == high else f"makes {high} {upper}, which"
            refused.append(f"{said}: {makes} is below {low} ({lower} in the code); set {low}, too")
        for argument in changed:
            del found[argument]
    return refused


def inputs_per_container(max_inputs: int | None, max_batch_size: int | None) -> int:
    """How many inputs one container works on at once; with batching, each slot holds a batch."""
    return (max_inputs or 1) * (max_batch_size or 1)
