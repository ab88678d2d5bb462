"""What planning a Modal file finds: the effective specification of every function.

Everything here is JSON: a `Plan` travels over a pipe from the planning child, through Pulumi
inputs, into the state file, and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JsonValue = Any
"""A JSON value: str, int, float, bool, None, list or dict of these."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedFunction(_Frozen):
    """One callable unit of an app: a function, a class (`Cls`) or a server.

    `effective` is what Modal will be told, by Modal's argument names, units as in
    `spec/function.py`: gpu, cpu (cores), memory (MiB), ephemeral_disk (MiB), timeout (s),
    startup_timeout (s), retries, min_containers, max_containers, buffer_containers,
    scaledown_window (s), max_inputs, target_inputs, max_in_flight, max_batch_size, wait_ms, env,
    secrets (names), volumes (mount path -> name), region, routing_region, cloud, nonpreemptible,
    schedule, web. A key that has no value is absent, never null.
    `code` holds, for exactly the keys that the stack sets, the value in the code (null when the
    code says nothing): so code, stack and effective value can always be told apart.
    """

    kind: Literal["function", "class", "server"]
    effective: Mapping[str, JsonValue]
    code: Mapping[str, JsonValue] = Field(default_factory=dict)
    methods: tuple[str, ...] = ()
    image_id: str = ""
    """Digest of the function's image recipe: equal recipes have equal ids."""
    web: bool = False
    """True when the function, or a method of the class, has a web URL."""


class SourceDigest(_Frozen):
    """What a deploy would upload, by content. Equal over processes, folders and checkouts."""

    files: Mapping[str, str]
    """Remote path of every uploaded file -> sha256 (first 16 hex digits)."""
    image: str
    """Digest of all image recipes together."""
    secrets: str = ""
    """Keyed digest of inline secrets' names and values; empty when there are none."""
    code: str = ""
    """Digest of what is sent beside files: serialized functions, classes, their options."""


class NeededSecret(_Frozen):
    """A named secret that the code asks for, with the keys it requires of it."""

    name: str
    environment: str = ""
    required_keys: tuple[str, ...] = ()


class NeededVolume(_Frozen):
    """A named volume that the code mounts; Modal makes it at deploy if the code says so."""

    name: str
    environment: str = ""
    created_if_missing: bool = False


class Plan(_Frozen):
    """The result of a dry run of a deploy, with the stack's overrides applied."""

    source: str
    app_in_code: str
    """Name given to `modal.App(...)` in the file; deploys use the stack's name instead."""
    functions: Mapping[str, PlannedFunction]
    digest: SourceDigest
    secrets: tuple[NeededSecret, ...] = ()
    volumes: tuple[NeededVolume, ...] = ()
    sdk_version: str = ""
    warnings: tuple[str, ...] = ()
    """Sentences for the person at the preview, e.g. a local module that is not uploaded."""
    refused: tuple[str, ...] = ()
    """Sentences about settings and names of the stack that the code cannot follow; they are not
    applied here, and nothing may be deployed."""
    output: str = ""
    """What the file printed while it was imported (last lines)."""
