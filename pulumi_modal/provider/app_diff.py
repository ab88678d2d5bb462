"""What the engine is told of a change: only what replaces. It makes the detailed diff itself."""

from __future__ import annotations

from pulumi.dynamic import DiffResult

from pulumi_modal.provider.app_effect import IDENTITY, changes_of, replaces
from pulumi_modal.provider.props import Props


def diff(olds: Props, news: Props) -> DiffResult:
    """Which changes replace the app; everything else updates it."""
    changes = changes_of(olds, news)
    moved = [one for one in replaces(changes) if one in IDENTITY]
    found = moved or replaces(changes)  # another app has every setting from its first deploy on
    return DiffResult(
        changes=None,  # the engine compares the inputs itself, and says where they differ
        replaces=found,
        # Under its own name it cannot be there twice, whoever asks for a replacement: a program's
        # `replace_on_changes` too, of which nothing is known here.
        delete_before_replace=not moved or None,
    )
