"""The SDK's values in the canonical JSON of plans: one spelling for code, stack and effective."""

# ruff: noqa: SLF001  # the settings of a function live in private parts of the SDK; see funnel.py

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from modal._utils.function_utils import parse_gpu_config
from modal.retries import Retries

NOT_SET = "(not set)"
"""Stands for the value in code where the code says nothing."""
HIDDEN = "(in a secret)"
"""Stands for a value that is in an inline secret of the code."""


def number(value: float) -> int | float:
    """An int where the value is whole, so that equal values look equal."""
    return int(value) if float(value).is_integer() else value


def gpu_value(kind: str, count: int) -> str:
    """`H100`, or `H100:2` for more than one."""
    return kind if count == 1 else f"{kind}:{count}"


def retries_value(policy: Any) -> Any:
    """A count for the SDK's plain policy, else all four numbers."""
    plain = Retries(max_retries=policy.retries, initial_delay=1.0, backoff_coefficient=1.0)
    if policy == plain._to_proto():
        return policy.retries
    return {
        "max_retries": policy.retries,
        "backoff_coefficient": number(policy.backoff_coefficient),
        "initial_delay": number(policy.initial_delay_ms / 1000),
        "max_delay": number(policy.max_delay_ms / 1000),
    }


def web_value(configs: Mapping[str, Any]) -> dict[str, Any]:
    """Web settings, flat for one URL, by method when a class has several."""
    if len(configs) == 1:
        (config,) = configs.values()
        return _web_of(config)
    return {name: _web_of(config) for name, config in configs.items()}


def _web_of(config: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"requires_proxy_auth": config.requires_proxy_auth}
    if config.requested_suffix:
        found["label"] = config.requested_suffix
    if config.custom_domains:
        found["custom_domains"] = [domain.name for domain in config.custom_domains]
    return found


def code_value(key: str, argument: Any) -> Any:
    """What the code said for a simple setting, in canonical form; None when it said nothing."""
    if argument is None or argument == []:
        return None
    if isinstance(argument, Retries):
        return retries_value(argument._to_proto())
    if key == "gpu":
        return _code_gpu(argument)
    if isinstance(argument, (list, tuple)):
        return argument[0] if key == "region" and len(argument) == 1 else list(argument)
    if isinstance(argument, float):
        return number(argument)
    return argument


def _code_gpu(argument: Any) -> Any:
    if isinstance(argument, str):
        parsed = parse_gpu_config(argument)
        return gpu_value(parsed.gpu_type, parsed.count)
    return [_code_gpu(one) for one in argument]


def mount_path(path: Any) -> str:
    """A mount path as the SDK sends it."""
    return PurePosixPath(path).as_posix()
