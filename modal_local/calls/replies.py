"""Answers to requests that must not be carried out twice, by their idempotency key."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

_Reply = TypeVar("_Reply")


class Replies(Generic[_Reply]):
    """The latest answers, as many as a client could still ask for again."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._replies: OrderedDict[str, _Reply] = OrderedDict()

    def find(self, key: str) -> _Reply | None:
        """The answer given before, if this request came before."""
        return self._replies.get(key) if key else None

    def keep(self, key: str, reply: _Reply) -> None:
        """Remember an answer; requests without a key are always new."""
        if not key:
            return
        self._replies[key] = reply
        if len(self._replies) > self._limit:
            self._replies.popitem(last=False)
