"""`DictProvider`: a named dict of Modal as a Pulumi resource."""

from __future__ import annotations

from typing import Final

from pulumi_modal.gateway.named import Caller, Collections
from pulumi_modal.provider.collection import CollectionNoun
from pulumi_modal.provider.noun import NounProvider, Schema
from pulumi_modal.spec.resources.collection import EFFECTS, DictInputs, DictOutputs

SCHEMA: Final = Schema(DictInputs, DictOutputs, EFFECTS, lasting=("dict_id", "created_at"))


class DictProvider(NounProvider):
    """Holds nothing: a state file stores it by its path, and it runs today's code."""

    def noun(self) -> CollectionNoun:
        """A dict."""
        return CollectionNoun("dict", SCHEMA, _dicts)


def _dicts(caller: Caller) -> Collections:
    from pulumi_modal.gateway.collections import wire_dicts  # late: loaded by now, by one thread

    return wire_dicts(caller)
