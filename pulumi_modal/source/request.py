"""What to load and with which overrides: the one argument of planning and of deploying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

JsonValue = Any
"""A JSON value: str, int, float, bool, None, list or dict of these."""

DEFAULT_DEADLINE_S = 60.0


@dataclass(frozen=True)
class PlanRequest:
    """A Modal file, the app in it, and the settings a stack puts over the code.

    The file is imported as `modal deploy` does it: with `root`, the project root, as working
    directory. It must be the same in plan and deploy, as must `env`.
    """

    source: str
    """Path of the Modal file, relative to `root`."""
    root: Path
    """The project root: the folder of Pulumi.yaml."""
    app_name: str
    """Name under which the app is deployed (not the name in the code)."""
    environment: str = ""
    """The Modal environment; empty is the workspace's default one."""
    app: str = ""
    """Variable that holds the `modal.App`; needed when the module has several."""
    overrides: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    """Name of a function, class or server -> canonical settings (keys of `FunctionOverrides`)."""
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    """Settings for the only function of the app: refused when it has several."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the child, beside those of this process."""
    digest_key: str = ""
    """Goes into the digest of inline secrets, beside environment and app name."""
    deadline_s: float = DEFAULT_DEADLINE_S
