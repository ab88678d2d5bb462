"""Settings of one function that cannot go together; for a stack's values and effective ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pulumi_modal.spec.model import JsonValue
from pulumi_modal.spec.problem import Problem, join

Settings = Mapping[str, JsonValue]
Origins = Mapping[str, tuple[str | int, ...]]


def relation_problems(
    settings: Settings, path: str, origins: Origins | None = None
) -> list[Problem]:
    """What does not fit together among canonical settings; keys that are absent say nothing."""
    found = []
    for name, message, nearest in _broken(settings):
        where = join(path, *(origins or {}).get(name, (name,)))
        found.append(Problem(where, message, settings[name], nearest=nearest))
    return found


def _broken(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """(key, what is wrong with its value, nearest valid value)."""
    for low, high in (("min_containers", "max_containers"), ("target_inputs", "max_inputs")):
        if low in settings and high in settings and settings[low] > settings[high]:
            yield low, f"is above {high} ({settings[high]})", str(settings[high])
    if settings.get("nonpreemptible") and settings.get("gpu"):
        yield "nonpreemptible", "cannot go with a GPU: Modal has no such containers", "false"
    cap, most = settings.get("max_in_flight"), settings.get("max_containers")
    if cap is not None and most is not None and cap < most:
        yield (
            "max_in_flight",
            f"is below max_containers ({most}), and each container takes at least one input",
            str(most * (settings.get("max_inputs") or 1)),
        )
