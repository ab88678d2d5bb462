"""What the code says, for exactly the keys that the stack sets: a preview tells them apart."""

# ruff: noqa: SLF001  # the settings of a function live in private parts of the SDK; see funnel.py

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modal.planning.values import HIDDEN, NOT_SET, code_value, mount_path, web_value
from pulumi_modal.source.funnel import Seen
from pulumi_modal.source.objects import inline_keys
from pulumi_modal.source.settings import ARGUMENT, inputs_per_container


def code_values(seen: Seen, code_env: Mapping[str, str]) -> dict[str, Any]:
    """Setting -> value in code. `code_env`: variables that the code's own image sets."""
    return {key: _code_value(key, seen, code_env) for key in seen.settings}


def _code_value(key: str, seen: Seen, code_env: Mapping[str, str]) -> Any:
    value: Any
    if key == "env":
        value = _env(seen, code_env)
    elif key == "secrets":
        value = [secret._name for secret in seen.code["secrets"] or () if secret._name]
    elif key == "volumes":
        value = _volumes(seen)
    elif key == "web":
        value = _web(seen)
    elif key == "max_in_flight":
        value = _in_flight(seen.code)
    else:
        value = _argument(key, seen)
    return NOT_SET if value in (None, [], {}) else value


def _argument(key: str, seen: Seen) -> Any:
    if key == "routing_region" and seen.kind == "server":
        regions = list(seen.code["http_config"].proxy_regions)
        return regions[0] if regions else None
    return code_value(key, seen.code.get(ARGUMENT.get(key, key)))


def _env(seen: Seen, code_env: Mapping[str, str]) -> dict[str, str]:
    hidden: set[str] = set()
    for secret in seen.code["secrets"] or ():
        hidden |= inline_keys(secret)
    found = {}
    for key in seen.settings["env"]:
        if key in hidden:
            found[key] = HIDDEN
        elif key in code_env:
            found[key] = code_env[key]
    return found


def _volumes(seen: Seen) -> dict[str, str]:
    return {
        mount_path(path): name
        for path, volume in seen.code["volumes"].items()
        if (name := getattr(volume, "_name", None))
    }


def _web(seen: Seen) -> Any:
    if seen.kind == "server":
        return {"requires_proxy_auth": not seen.code["http_config"].unauthenticated}
    return web_value(seen.web)


def _in_flight(code: Mapping[str, Any]) -> int | None:
    if not code["max_containers"]:
        return None
    each = inputs_per_container(code["max_concurrent_inputs"], code["batch_max_size"])
    return int(code["max_containers"]) * each
