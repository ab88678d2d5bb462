"""`QueueProvider`: a named queue of Modal as a Pulumi resource."""

from __future__ import annotations

from typing import Final

from pulumi_modal.gateway.named import Caller, Collections
from pulumi_modal.provider.collection import CollectionNoun
from pulumi_modal.provider.noun import NounProvider, Schema
from pulumi_modal.spec.resources.collection import EFFECTS, QueueInputs, QueueOutputs

SCHEMA: Final = Schema(QueueInputs, QueueOutputs, EFFECTS, lasting=("queue_id", "created_at"))


class QueueProvider(NounProvider):
    """Holds nothing: a state file stores it by its path, and it runs today's code."""

    def noun(self) -> CollectionNoun:
        """A queue."""
        return CollectionNoun("queue", SCHEMA, _queues)


def _queues(caller: Caller) -> Collections:
    from pulumi_modal.gateway.collections import wire_queues  # late: loaded by now, by one thread

    return wire_queues(caller)
