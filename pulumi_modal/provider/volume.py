"""`VolumeProvider`: a named volume of Modal as a Pulumi resource.

One that is there is used as it is, for creating changes nothing in it; and what it holds is never
lost by a destroy, unless the stack says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import Refused
from pulumi_modal.gateway.connect import connect_wire
from pulumi_modal.gateway.named import NamedVolume, ObjectRef, Volumes
from pulumi_modal.provider.anew import leave_anew, read_anew
from pulumi_modal.provider.happened import Gone
from pulumi_modal.provider.kept import remove_kept
from pulumi_modal.provider.noun import Found, NounProvider, Schema
from pulumi_modal.provider.props import Props
from pulumi_modal.spec.resources.volume import EFFECTS, VolumeInputs, VolumeOutputs

SCHEMA: Final = Schema(VolumeInputs, VolumeOutputs, EFFECTS, lasting=("volume_id", "created_at"))


class VolumeProvider(NounProvider):
    """Holds nothing: a state file stores it by its path, and it runs today's code."""

    def noun(self) -> VolumeNoun:
        """A volume."""
        return VolumeNoun()


class VolumeNoun:
    """A volume, over the gateway."""

    schema = SCHEMA

    def completed(self, olds: Props, inputs: dict[str, Any]) -> dict[str, Any]:
        """Nothing of a volume is worked out."""
        del olds
        return inputs

    def create(self, inputs: Props) -> Mapping[str, Any]:
        """Make it, or use the one that is there."""
        ref = _ref(inputs)
        found = _volumes(inputs).ensure(ref, inputs["version"])
        if found.version != inputs["version"]:
            raise Refused(
                f"volume {ref}: is there already, of version {found.version}, and Modal cannot"
                f" convert it; declare `version` {found.version}, or give the volume another name"
            )
        return _outputs(inputs, found)

    def read(self, place: Props, inputs: Props) -> Found | Gone | None:
        """Whether it is there, and of which version."""
        ref = _ref(place)
        found = _volumes(place).find(ref)
        if found is None:
            return None
        if place.get("volume_id", found.volume_id) != found.volume_id:
            return read_anew(f"volume {ref}", found)
        now = {
            "name": place["name"],
            "environment": place["environment"],
            "workspace": place["workspace"],
            "version": found.version,
            "on_delete": inputs.get("on_delete", "refuse"),
        }
        return Found(now, _outputs(now, found))

    def update(self, olds: Props, inputs: Props) -> Mapping[str, Any]:
        """Remember what a delete is to do."""
        return {**olds, **inputs}

    def delete(self, outputs: Props) -> None:
        """Remove it, unless that would lose what it holds, or it is somebody else's by now."""
        ref, volumes = _ref(outputs), _volumes(outputs)
        found = volumes.find(ref)
        if found is None:
            return
        if outputs.get("volume_id", found.volume_id) != found.volume_id:
            leave_anew(f"volume {ref}", found)
            return
        remove_kept(
            f"volume {ref}",
            outputs["on_delete"],
            is_empty=lambda: volumes.is_empty(ref, found),
            delete=lambda: volumes.delete(ref, found),
        )


def _outputs(inputs: Props, found: NamedVolume) -> dict[str, Any]:
    return {**inputs, "volume_id": found.volume_id, "created_at": found.created_at}


def _ref(inputs: Props) -> ObjectRef:
    return ObjectRef(inputs["environment"], inputs["name"])


def _volumes(inputs: Props) -> Volumes:
    caller = connect_wire(inputs["workspace"], inputs["environment"], Path.cwd())
    from pulumi_modal.gateway.volumes import WireVolumes  # late: loaded by now, by one thread

    return WireVolumes(caller)
