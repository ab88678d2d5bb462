"""What a change of an App's inputs does to it. Pure; the engine makes the detailed diff."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from pulumi.dynamic import DiffResult

from pulumi_modal.provider.props import Props, has_unknown


class Effect(Enum):
    """What has to happen when an input changes."""

    UPDATE = "deployed in place, as a new version"
    REPLACE = "another app: the old one is stopped once the new one runs"


EFFECTS: Final[Mapping[str, Effect]] = {
    "environment": Effect.REPLACE,  # an app cannot move
    "workspace": Effect.REPLACE,
    "app_name": Effect.REPLACE,  # the name is the app
}
FIXED_AT_FIRST_DEPLOY: Final = "routing_region"
"""Modal sets it with the first deploy of a function, for good: the app must go."""


def diff(olds: Props, news: Props) -> DiffResult:
    """Which changes replace the app; everything else updates it."""
    replaces = [name for name in EFFECTS if olds.get(name) != news.get(name)]
    stopped_first = not replaces and _fixed_changed(
        olds.get("functions", {}), news.get("functions", {})
    )
    if stopped_first:
        replaces = ["functions"]
    return DiffResult(
        changes=None,  # the engine compares the inputs itself, and says where they differ
        replaces=replaces,
        delete_before_replace=stopped_first or None,
    )


def _fixed_changed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    if has_unknown(olds) or has_unknown(news):
        return False  # the engine asks again when everything is known
    return any(
        olds[name].get(FIXED_AT_FIRST_DEPLOY) != news[name].get(FIXED_AT_FIRST_DEPLOY)
        for name in olds.keys() & news.keys()
    )
