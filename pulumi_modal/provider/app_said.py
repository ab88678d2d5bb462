"""What a program says of an app's functions, and what `ignore_changes` has put in its place.

A program's settings come under `functions`, the word of previews and of the state: so the engine
can put back what the state says of `functions.Model.gpu`, and the app is planned with that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_modal.provider.app_inputs import overrides_of
from pulumi_modal.provider.props import Props


def said_functions(news: Props, olds: Props) -> Any:
    """Settings by function, under both words for them."""
    parts = [news[word] for word in ("overrides", "functions") if news.get(word)]
    wrong = [one for one in parts if not isinstance(one, Mapping)]
    if wrong:
        return wrong[0]  # refused when it is read
    return _as_said({name: one for part in parts for name, one in part.items()}, olds)


def _as_said(functions: Props, olds: Props) -> dict[str, Any]:
    """Settings by function, also where `ignore_changes` has put back those of the state."""
    before = overrides_of(olds.get("functions") or {}, olds.get("code") or {})
    found = {}
    for name, settings in functions.items():
        kept = before.get(name, {})
        if not isinstance(settings, Mapping):
            found[name] = settings  # refused when it is read
            continue
        found[name] = kept if "kind" in settings else dict(settings)
        if isinstance(settings.get("secrets"), list):  # in the state: names alone
            found[name]["secrets"] = kept.get("secrets", {})
    return found
