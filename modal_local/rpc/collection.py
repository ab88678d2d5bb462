"""How dicts and queues are looked up or made: the creation type of the request says it."""

from __future__ import annotations

from typing import Final

from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.store.collections import Collection, Collections
from modal_local.store.environments import Environment

_NAMELESS: Final = frozenset(
    {
        api_pb2.OBJECT_CREATION_TYPE_EPHEMERAL,
        api_pb2.OBJECT_CREATION_TYPE_ANONYMOUS_OWNED_BY_APP,
    }
)


def get_or_create(
    collections: Collections,
    environment: Environment,
    name: str,
    kind: api_pb2.ObjectCreationType.ValueType,
    by: str,
) -> tuple[Collection, bool]:
    """The dict or queue, and whether it is new. Raises NotFound, AlreadyExists, Invalid."""
    if kind in _NAMELESS:
        return collections.find(collections.create(environment, "", by)), True
    if kind != api_pb2.OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS:
        try:
            return collections.named(environment, name), False
        except NotFound:
            if kind != api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING:
                raise
    return collections.find(collections.create(environment, name, by)), True
