"""Named dicts and queues of Modal: the same but for the words of the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message
from modal_proto import api_pb2

from pulumi_modal.errors import NotFound
from pulumi_modal.gateway.named import Caller, NamedCollection, ObjectRef, moment


@dataclass(frozen=True, slots=True)
class _Words:
    """How the wire calls a kind of collection."""

    noun: str
    get: type[Message]
    length: Any
    delete: type[Message]


_DICTS: Final = _Words(
    "dict",
    api_pb2.DictGetOrCreateRequest,
    lambda id_: api_pb2.DictLenRequest(dict_id=id_),
    api_pb2.DictDeleteRequest,
)
_QUEUES: Final = _Words(
    "queue",
    api_pb2.QueueGetOrCreateRequest,
    lambda id_: api_pb2.QueueLenRequest(queue_id=id_, total=True),
    api_pb2.QueueDeleteRequest,
)


class WireCollections:
    """Dicts, or queues, by single calls."""

    def __init__(self, caller: Caller, words: _Words) -> None:
        self._caller = caller
        self._words = words

    def find(self, ref: ObjectRef) -> NamedCollection | None:
        """The one of this name; None when there is none."""
        what = f"looking up the {self._words.noun} {ref}"
        try:
            return self._get(ref, api_pb2.OBJECT_CREATION_TYPE_UNSPECIFIED, what)
        except NotFound:
            return None

    def ensure(self, ref: ObjectRef) -> NamedCollection:
        """Make it, where there is none."""
        kind = api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING
        return self._get(ref, kind, f"creating the {self._words.noun} {ref}")

    def is_empty(self, ref: ObjectRef, found: NamedCollection) -> bool:
        """Whether nothing is in it."""
        request = self._words.length(found.collection_id)
        answer = self._call("Len", request, f"looking into the {self._words.noun} {ref}")
        return not answer.len

    def delete(self, ref: ObjectRef, found: NamedCollection) -> None:
        """Remove it with all that is in it."""
        request = self._words.delete(**{f"{self._words.noun}_id": found.collection_id})
        self._call("Delete", request, f"deleting the {self._words.noun} {ref}")

    def _get(self, ref: ObjectRef, kind: Any, what: str) -> NamedCollection:
        request = self._words.get(
            deployment_name=ref.name,
            environment_name=ref.environment,
            object_creation_type=kind,
        )
        answer = self._call("GetOrCreate", request, what)
        made = answer.metadata.creation_info
        collection_id = getattr(answer, f"{self._words.noun}_id")
        return NamedCollection(collection_id, moment(made.created_at), made.created_by)

    def _call(self, verb: str, request: Message, what: str) -> Any:
        return self._caller.call(f"{self._words.noun.title()}{verb}", request, what)


def wire_dicts(caller: Caller) -> WireCollections:
    """The dicts of a workspace."""
    return WireCollections(caller, _DICTS)


def wire_queues(caller: Caller) -> WireCollections:
    """The queues of a workspace."""
    return WireCollections(caller, _QUEUES)
