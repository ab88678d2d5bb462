"""GPUs that Modal has: a deploy that asks for another one is refused, as Modal would."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

from modal_proto import api_pb2

MAX_GPU_COUNTS: Final[Mapping[str, int]] = {
    "T4": 8,
    "L4": 8,
    "A10": 4,
    "A10G": 4,
    "L40S": 8,
    "A100": 8,
    "A100-40GB": 8,
    "A100-80GB": 8,
    "RTX-PRO-6000": 8,
    "H100": 8,
    "H100!": 8,
    "H200": 8,
    "B200": 8,
    "B200+": 8,
    "B300": 8,
}


def gpu_refusal(config: api_pb2.GPUConfig) -> str | None:
    """Why this request cannot be met, in a sentence; None when it can."""
    name = config.gpu_type.strip().upper()
    if not name:
        return None
    limit = MAX_GPU_COUNTS.get(name)
    if limit is None:
        return f"{_unknown(config.gpu_type)} Modal has {', '.join(MAX_GPU_COUNTS)}."
    if config.count < 1:
        return f"GPU {name}:{config.count} asks for none; leave gpu out to run without one."
    if config.count > limit:
        return (
            f"GPU {name}:{config.count} is more than one container can have; "
            f"the most is {name}:{limit}."
        )
    return None


def gpu_text(config: api_pb2.GPUConfig) -> str:
    """The request as people write it: `H100`, `H100:2`; empty without one."""
    name = config.gpu_type
    return f"{name}:{config.count}" if name and config.count > 1 else name


def _unknown(name: str) -> str:
    if name.strip().upper() == "ANY":
        return 'GPU "any" is not accepted: its price and memory are unknown; name one.'
    near = difflib.get_close_matches(name.strip().upper(), list(MAX_GPU_COUNTS), n=1, cutoff=0.3)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"GPU {name} is unknown.{hint}"
