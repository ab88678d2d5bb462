"""What `Volume` takes and tells."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import PlainValidator

from pulumi_modal.spec.resources.model import (
    ON_DELETE_EFFECT,
    PLACE_EFFECTS,
    Effects,
    EnvironmentName,
    ObjectName,
    OnDelete,
    ResourceInputs,
    ResourceOutputs,
    WorkspaceName,
    bound,
    kept,
    named,
    placed,
    replacement,
    says,
)
from pulumi_modal.spec.rules import Whole

VolumeVersion = Annotated[int, PlainValidator(Whole(1, 2))]


def version_field() -> VolumeVersion:
    """Of the resource, and of a stack file."""
    field: VolumeVersion = says(
        "Version of the volume's file system. 1: at most 500,000 files; 2: no limit of files, and"
        " many writers.",
        default=1,
        example="2",
    )
    return field


class VolumeInputs(ResourceInputs):
    """A named volume: files that functions share and keep."""

    name: ObjectName = named("volume", "models")
    environment: EnvironmentName = placed("volume")
    workspace: WorkspaceName = bound()
    version: VolumeVersion = version_field()
    on_delete: OnDelete = kept("volume")


class VolumeOutputs(ResourceOutputs):
    """What is told of a volume."""

    volume_id: str = says("Modal's id.", example="vo-9R2tQm4LkYh7cXvBnZsE1w")
    created_at: str = says("When it was made (UTC).", example="2026-11-24T12:00:00+00:00")


EFFECTS: Final[Effects] = {
    **PLACE_EFFECTS,
    "version": replacement(
        "Modal cannot convert a volume: the old one is deleted first, which is refused while it"
        " holds files unless on_delete is force"
    ),
    "on_delete": ON_DELETE_EFFECT,
}
