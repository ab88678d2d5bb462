"""The bounds within which containers of one function are started and stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from modal_proto import api_pb2

DEFAULT_SCALEDOWN_WINDOW_S: Final = 60.0
DEFAULT_TIMEOUT_S: Final = 300.0
_NO_LIMIT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a function declares about its containers, with every default filled in."""

    max_containers: int
    min_containers: int = 0
    buffer_containers: int = 0
    scaledown_window_s: float = DEFAULT_SCALEDOWN_WINDOW_S
    target_inputs: int = 1
    """Concurrent inputs (batches, if batched) that one container is meant to have."""
    max_inputs: int = 1
    """Concurrent inputs (batches, if batched) that one container takes at most."""
    batch_size: int = 1
    target_requests: float | None = None
    """Concurrent requests that one container of a server is meant to have; may be a fraction."""

    @property
    def capacity(self) -> float:
        """Inputs that one container is meant to have."""
        if self.target_requests is not None:
            return self.target_requests
        return self.target_inputs * self.batch_size


@dataclass(frozen=True, slots=True)
class Clocks:
    """How long things may take."""

    timeout_s: float | None
    """None for a server: its requests may take as long as they like."""
    startup_timeout_s: float


def bounds_of(
    definition: api_pb2.Function,
    autoscaler: api_pb2.AutoscalerSettings,
    *,
    default_max_containers: int,
) -> Bounds:
    """Bounds in force; a missing maximum becomes what this machine can bear."""
    most = _NO_LIMIT if definition.is_server else 1
    max_inputs = definition.max_concurrent_inputs or most
    target_inputs = definition.target_concurrent_inputs or max_inputs
    min_containers = autoscaler.min_containers
    max_containers = autoscaler.max_containers or max(default_max_containers, min_containers)
    return Bounds(
        min_containers=min(min_containers, max_containers),
        max_containers=max_containers,
        buffer_containers=autoscaler.buffer_containers,
        scaledown_window_s=autoscaler.scaledown_window or DEFAULT_SCALEDOWN_WINDOW_S,
        target_inputs=min(target_inputs, max_inputs),
        max_inputs=max_inputs,
        batch_size=max(definition.batch_max_size, 1),
        target_requests=_target_requests(autoscaler) if definition.is_server else None,
    )


def _target_requests(autoscaler: api_pb2.AutoscalerSettings) -> float:
    """Without a target one container takes them all."""
    return autoscaler.target_concurrency_float or float(_NO_LIMIT)


def clocks_of(definition: api_pb2.Function) -> Clocks:
    """Deadlines in force; a start may take as long as an input unless said otherwise."""
    timeout_s = float(definition.timeout_secs or DEFAULT_TIMEOUT_S)
    startup_timeout_s = float(definition.startup_timeout_secs or timeout_s)
    return Clocks(None if definition.is_server else timeout_s, startup_timeout_s)
