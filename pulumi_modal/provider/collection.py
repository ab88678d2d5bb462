"""What `DictProvider` and `QueueProvider` do: a named collection of values, kept by Modal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi_modal.gateway.connect import connect_wire
from pulumi_modal.gateway.named import Caller, Collections, NamedCollection, ObjectRef
from pulumi_modal.provider.anew import leave_anew, read_anew
from pulumi_modal.provider.happened import Gone
from pulumi_modal.provider.kept import remove_kept
from pulumi_modal.provider.noun import Found, Schema
from pulumi_modal.provider.props import Props


class CollectionNoun:
    """A dict or a queue, over the gateway; `noun` is `dict` or `queue`."""

    def __init__(
        self, noun: str, schema: Schema, collections: Callable[[Caller], Collections]
    ) -> None:
        self.schema = schema
        self._noun = noun
        self._collections = collections

    def completed(self, olds: Props, inputs: dict[str, Any]) -> dict[str, Any]:
        """Nothing of it is worked out."""
        del olds
        return inputs

    def create(self, inputs: Props) -> Mapping[str, Any]:
        """Make it, or use the one that is there."""
        return self._outputs(inputs, self._in(inputs).ensure(_ref(inputs)))

    def read(self, place: Props, inputs: Props) -> Found | Gone | None:
        """Whether it is there."""
        ref = _ref(place)
        found = self._in(place).find(ref)
        if found is None:
            return None
        if self._is_anothers(found, place):
            return read_anew(f"{self._noun} {ref}", found)
        now = {
            "name": place["name"],
            "environment": place["environment"],
            "workspace": place["workspace"],
            "on_delete": inputs.get("on_delete", "refuse"),
        }
        return Found(now, self._outputs(now, found))

    def update(self, olds: Props, inputs: Props) -> Mapping[str, Any]:
        """Remember what a delete is to do."""
        return {**olds, **inputs}

    def delete(self, outputs: Props) -> None:
        """Remove it, unless that would lose what it holds, or it is somebody else's by now."""
        ref, collections = _ref(outputs), self._in(outputs)
        found = collections.find(ref)
        if found is None:
            return
        if self._is_anothers(found, outputs):
            leave_anew(f"{self._noun} {ref}", found)
            return
        remove_kept(
            f"{self._noun} {ref}",
            outputs["on_delete"],
            is_empty=lambda: collections.is_empty(ref, found),
            delete=lambda: collections.delete(ref, found),
        )

    def _is_anothers(self, found: NamedCollection, outputs: Props) -> bool:
        """Whether it is not the one of the state; in an import there is none yet."""
        known: str = outputs.get(f"{self._noun}_id", found.collection_id)
        return known != found.collection_id

    def _outputs(self, inputs: Props, found: NamedCollection) -> dict[str, Any]:
        told = {f"{self._noun}_id": found.collection_id, "created_at": found.created_at}
        return {**inputs, **told}

    def _in(self, inputs: Props) -> Collections:
        return self._collections(
            connect_wire(inputs["workspace"], inputs["environment"], Path.cwd())
        )


def _ref(inputs: Props) -> ObjectRef:
    return ObjectRef(inputs["environment"], inputs["name"])
