"""What `Dict` and `Queue` take and tell."""

from __future__ import annotations

from typing import Final

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
    says,
)


class DictInputs(ResourceInputs):
    """A named dict: values by key that functions share. An entry nobody reads goes after a week."""

    name: ObjectName = named("dict", "jobs")
    environment: EnvironmentName = placed("dict")
    workspace: WorkspaceName = bound()
    on_delete: OnDelete = kept("dict")


class DictOutputs(ResourceOutputs):
    """What is told of a dict."""

    dict_id: str = says("Modal's id.", example="di-2mXw7RtLqVb9NcYkZs4H1p")
    created_at: str = says("When it was made (UTC).", example="2026-11-24T12:00:00+00:00")


class QueueInputs(ResourceInputs):
    """A named queue: items that functions hand to each other. An item is kept for a day."""

    name: ObjectName = named("queue", "work")
    environment: EnvironmentName = placed("queue")
    workspace: WorkspaceName = bound()
    on_delete: OnDelete = kept("queue")


class QueueOutputs(ResourceOutputs):
    """What is told of a queue."""

    queue_id: str = says("Modal's id.", example="qu-8Kd3PvTzXn5RbWyLm6C2sF")
    created_at: str = says("When it was made (UTC).", example="2026-11-24T12:00:00+00:00")


EFFECTS: Final[Effects] = {**PLACE_EFFECTS, "on_delete": ON_DELETE_EFFECT}
