"""Which app of a file is meant, and whether names of functions fit. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pulumi_modal.errors import SourceError


def choose_app(shown: str, apps: Mapping[str, Any], wanted: str) -> tuple[str, Any]:
    """The variable and the app: the wanted one, the only one, or the one called `app`."""
    if wanted:
        if wanted in apps:
            return wanted, apps[wanted]
        names = sorted(apps)
        likely = get_close_matches(wanted, names, n=1) or names[:1]
        hint = (
            f"did you mean {likely[0]!r}?" if likely else "it has none: add `app = modal.App(...)`"
        )
        raise SourceError(f"{shown}: the file has no modal.App called {wanted!r}; {hint}")
    if not apps:
        raise SourceError(f"{shown}: the file has no modal.App; add `app = modal.App('name')`")
    if len({id(app) for app in apps.values()}) == 1:
        name = "app" if "app" in apps else next(iter(apps))
        return name, apps[name]
    if "app" in apps:
        return "app", apps["app"]
    listed = ", ".join(sorted(apps))
    raise SourceError(f"{shown}: the file has several apps ({listed}); name one as `app`")


def name_problems(
    functions: Mapping[str, Sequence[str]],
    overrides: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> list[str]:
    """A sentence for each name that the app has not. `functions`: name -> its methods."""
    problems = [_unknown(name, functions) for name in overrides if name not in functions]
    if settings and len(functions) != 1:
        names = ", ".join(sorted(functions))
        problems += [
            f"{key}: the app has several functions ({names});"
            " set this under `functions: {<name>: ...}`"
            for key in sorted(settings)
        ]
    return problems


def _unknown(name: str, functions: Mapping[str, Sequence[str]]) -> str:
    method = name.rpartition(".")[2]
    owners = [owner for owner, methods in functions.items() if method in methods]
    if owners:
        return (
            f"functions.{name}: {method} is a method, and all methods of a class share one pool of"
            f" containers; set it under functions.{owners[0]}"
        )
    names = sorted(functions)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}"
    return f"functions.{name}: the app has no function, class or server of this name; {hint}"


def same_name_problems(names: Sequence[str]) -> list[str]:
    """A sentence for each name of several functions: Modal would silently keep the last one."""
    return [
        f"{name} is defined more than once and the later one would win;"
        " give each its own name (`name=` in `@app.function`)"
        for name, count in Counter(names).items()
        if count > 1
    ]
