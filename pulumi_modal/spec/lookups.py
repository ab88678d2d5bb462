"""What the look-ups answer about things that are in Modal, whoever made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GetEnvironmentResult:
    """An environment."""

    name: str
    workspace: str
    environment_id: str
    """Modal's id, `en-...`."""
    web_suffix: str
    """Part of the URLs of its apps; empty for the one environment without."""
    is_default: bool
    """Whether it is meant when none is named."""
    created_at: str
    """When it was made (UTC, ISO 8601)."""


@dataclass(frozen=True, slots=True)
class GetAppResult:
    """An app that is deployed."""

    name: str
    environment: str
    workspace: str
    app_id: str
    """Modal's id, `ap-...`."""
    version: int
    """Number of the deployed version, from 1."""
    deployed_at: str
    """When that was deployed (UTC, ISO 8601)."""
    deployed_by: str
    """User or service user who did, where Modal tells."""
    created_at: str
    """When the app was made (UTC, ISO 8601)."""


@dataclass(frozen=True, slots=True)
class GetFunctionResult:
    """A function, class or server of an app that is deployed."""

    app_name: str
    function: str
    environment: str
    workspace: str
    function_id: str
    """Modal's id, `fu-...`."""
    url: str
    """Its URL, or that of its first method that has one; empty without any."""
    urls: Mapping[str, str]
    """URL by method; that of the function itself under the empty name."""
    settings: Mapping[str, Any]
    """What Modal can read back, by the names and in the units of docs/config.md."""


@dataclass(frozen=True, slots=True)
class GetSecretResult:
    """A secret: names and dates, for Modal tells no value."""

    name: str
    environment: str
    workspace: str
    secret_id: str
    """Modal's id, `st-...`."""
    keys: tuple[str, ...]
    """Names of its variables."""
    created_at: str
    """When it was made (UTC, ISO 8601)."""
    created_by: str
    """User or service user who made it, where Modal tells."""


@dataclass(frozen=True, slots=True)
class GetVolumeResult:
    """A volume."""

    name: str
    environment: str
    workspace: str
    volume_id: str
    """Modal's id, `vo-...`."""
    version: int
    """Version of its file system, 1 or 2."""
    created_at: str
    """When it was made (UTC, ISO 8601)."""
    created_by: str
    """User or service user who made it, where Modal tells."""
