"""Pages of a list that is ordered newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from modal_proto import api_pb2


class Dated(Protocol):
    """Something with a date."""

    @property
    def created_at(self) -> float:
        """Seconds since 1970."""


_Item = TypeVar("_Item", bound=Dated)


def page(items: Sequence[_Item], wanted: api_pb2.ListPagination) -> Sequence[_Item]:
    """Those before a date, at most so many; 0 sets no bound."""
    before = [
        item
        for item in items
        if not wanted.created_before or item.created_at < wanted.created_before
    ]
    return before[: wanted.max_objects] if wanted.max_objects > 0 else before
