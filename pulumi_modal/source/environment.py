"""The environment variables of a child: the same in plan and deploy, whoever starts it."""

from __future__ import annotations

import os
from collections.abc import Mapping

_LEFT_OUT = "PULUMI_"
"""Pulumi's own differ between program and provider, and hold its passphrase."""


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's variables without Pulumi's, and `extra` over them."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_LEFT_OUT)}
    return {**kept, **extra}
