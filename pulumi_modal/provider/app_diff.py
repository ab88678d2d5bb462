"""What the engine is told of a change: only what replaces. It makes the detailed diff itself."""

from __future__ import annotations

from pulumi.dynamic import DiffResult

from pulumi_modal.provider.app_drift import DRIFT
from pulumi_modal.provider.app_effect import IDENTITY, changes_of, replaces
from pulumi_modal.provider.app_healthy import ROLLED_BACK
from pulumi_modal.provider.app_inputs import PLANNED, SAID
from pulumi_modal.provider.detailed import DetailedDiff, differences
from pulumi_modal.provider.props import Props


def diff(olds: Props, news: Props) -> DiffResult:
    """Which changes replace the app; everything else updates it."""
    changes = changes_of(olds, news)
    moved = [one for one in replaces(changes) if one in IDENTITY]
    found = moved or replaces(changes)  # another app has every setting from its first deploy on
    # Under its own name it cannot be there twice, whoever asks for a replacement: a program's
    # `replace_on_changes` too, of which nothing is known here.
    stopped_first = not moved or None
    if olds.get(ROLLED_BACK):
        paths = differences(*(_inputs(one) for one in (olds, news)))
        if paths:
            return DetailedDiff(paths, replaces=found, delete_before_replace=stopped_first)
    # The engine compares the inputs itself, and says where they differ: only what no input says,
    # an app that was not ready or not deployed to its end, has to be told.
    is_untold = bool(changes) and not any(one.path for one in changes) and not olds.get(DRIFT)
    return DiffResult(
        changes=True if is_untold else None,
        replaces=found,
        delete_before_replace=stopped_first,
    )


def _inputs(props: Props) -> Props:
    """After a rollback the inputs in the state are those that failed: the outputs are true."""
    return {name: props[name] for name in (*SAID, *PLANNED) if name in props}
