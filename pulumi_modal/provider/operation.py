"""What is known of the operation in progress beside its properties: for status, time and cancel.

The host sets it; on Pulumi's own host there is none, and the defaults do nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

_LEAST_S: Final = 0.1


def _silent(_words: str) -> None:
    pass


@dataclass(frozen=True)
class Operation:
    """One create, update, read or delete."""

    tell: Callable[[str], None] = _silent
    """Shows a few words on the resource's row while it lasts."""
    note: Callable[[str], None] = _silent
    """Keeps words among the diagnostics."""
    warn: Callable[[str], None] = _silent
    """Keeps a warning among the diagnostics."""
    timeout_s: float | None = None
    """The user's `custom_timeouts`, when there is one."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    urn: str = ""
    """Names the resource, its stack and its project; Pulumi's own host does not tell it."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """In a read, the inputs in the state: Pulumi's own host hands on the outputs alone."""
    begun: float = field(default_factory=time.monotonic)

    def left_s(self, otherwise: float) -> float:
        """How much of the user's time is left, or `otherwise` where none was set."""
        if self.timeout_s is None:
            return otherwise
        return max(_LEAST_S, self.timeout_s - (time.monotonic() - self.begun))


_CURRENT: ContextVar[Operation | None] = ContextVar("operation", default=None)


def current() -> Operation:
    """The operation in progress in this thread."""
    return _CURRENT.get() or Operation()


@contextmanager
def as_current(operation: Operation) -> Iterator[None]:
    """Make this the operation in progress, in this thread, while the block runs."""
    token = _CURRENT.set(operation)
    try:
        yield
    finally:
        _CURRENT.reset(token)


class PartialFailure(Exception):
    """The resource exists and must be kept in state, but something about it failed."""

    def __init__(self, resource_id: str, outs: Mapping[str, Any], reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.resource_id = resource_id
        self.outs = dict(outs)
        self.reasons = tuple(reasons)
