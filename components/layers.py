"""Settings over settings, where some of them are known only later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi


def laid_over(below: Any, over: Any) -> Any:
    """What lies above wins: maps key by key, all others as a whole."""
    if over is None:
        return below
    if isinstance(below, Mapping) and isinstance(over, Mapping):
        return {**below, **{name: laid_over(below.get(name), one) for name, one in over.items()}}
    if isinstance(over, Mapping) and isinstance(below, pulumi.Output):
        return below.apply(lambda known: laid_over(known, over))
    if isinstance(over, pulumi.Output) and isinstance(below, (Mapping, pulumi.Output)):
        return pulumi.Output.all(below, over).apply(lambda pair: laid_over(*pair))
    return over
