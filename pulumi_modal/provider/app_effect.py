"""What a change of an App does to the app that runs, per property and in all. Pure.

The table is the decision: the least that makes a change true. Diff, preview and apply all ask here.
A property that no table names is part of what is deployed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from pulumi.output import Unknown

from pulumi_modal.provider.app_bounds import BOUNDS
from pulumi_modal.provider.app_drift import DEPLOYED, DRIFT
from pulumi_modal.provider.app_inputs import PLANNED, SAID
from pulumi_modal.provider.app_owner import OWNER
from pulumi_modal.provider.props import Props, has_unknown
from pulumi_modal.spec.problem import join

EFFECT: Final = "effect"
"""Output that says what the last change did."""
NEW_APP: Final = "new app"
UNREADY: Final = "__unready"
"""Output that only an app has which failed its readiness check."""
FIXED_AT_FIRST_DEPLOY: Final = "routing_region"
"""Modal sets it with the first deploy of a function, for good."""


class Effect(Enum):
    """What has to happen, from the least to the most disruptive."""

    RECORDED = "nothing deployed"
    CHECKED = "readiness check"
    IN_PLACE = "in place"
    ROLLOVER = "rollover"
    NEW_VERSION = "new version"
    REPLACEMENT = "replacement"

    @property
    def rank(self) -> int:
        """How disruptive it is."""
        return list(Effect).index(self)


@dataclass(frozen=True, slots=True)
class Change:
    """One property that differs, what that takes, and why."""

    path: str
    """As the engine writes it in a diff: `functions.web.gpu`."""
    effect: Effect
    reason: str


Rule = tuple[Effect, str]

IDENTITY: Final[Mapping[str, Rule]] = {
    "environment": (Effect.REPLACEMENT, "an app cannot move to another environment"),
    "workspace": (Effect.REPLACEMENT, "an app cannot move to another workspace"),
    "app_name": (Effect.REPLACEMENT, "the name is the app"),
}
_RULES: Final[Mapping[str, Rule]] = {
    **IDENTITY,
    "source": (Effect.RECORDED, "what would be uploaded counts, not where it lies"),
    "app": (Effect.RECORDED, "what would be uploaded counts, not the variable's name"),
    "code": (Effect.RECORDED, "the effective value counts, not where it comes from"),
    "adopt": (Effect.RECORDED, "says what a create does"),
    "timeouts": (Effect.RECORDED, "say how long an operation may take"),
    OWNER: (Effect.RECORDED, "the app is marked anew"),
    "strategy": (Effect.RECORDED, "says how the next version takes over"),
    "tag": (Effect.RECORDED, "marks the next version"),
    "sdk_version": (Effect.RECORDED, "the next version is deployed by it"),
    "on_failure": (Effect.RECORDED, "says what becomes of a version that is not ready"),
    "canary": (Effect.RECORDED, "says how the next version is tried"),
    "probe": (Effect.CHECKED, "the app that runs is asked again"),
    "web_suffix": (Effect.IN_PLACE, "the environment has other URLs, which are read again"),
    "triggers": (Effect.ROLLOVER, "new containers take in what has changed beside the app"),
}
_FOLLOWS: Final = frozenset({"max_in_flight"})
"""Settings that follow from others, which are told."""
_CONTAINER: Final = "fixed when a container starts"
_SETTINGS: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(BOUNDS, (Effect.IN_PLACE, "a bound of the autoscaler; containers go on")),
    FIXED_AT_FIRST_DEPLOY: (Effect.REPLACEMENT, "fixed at a function's first deploy, for good"),
    **dict.fromkeys(
        ("gpu", "cpu", "memory", "ephemeral_disk", "env", "secrets", "volumes"),
        (Effect.NEW_VERSION, _CONTAINER),
    ),
    **dict.fromkeys(
        ("region", "cloud", "nonpreemptible"), (Effect.NEW_VERSION, "where containers start")
    ),
}
_VERSION: Final[Rule] = (Effect.NEW_VERSION, "part of a version")
_UNKNOWN: Final[Rule] = (Effect.NEW_VERSION, "not known before it is applied")
_UPLOADED: Final[Rule] = (Effect.NEW_VERSION, "what is uploaded is a version")


def changes_of(olds: Props, news: Props) -> tuple[Change, ...]:
    """Everything that differs between the outputs of an App and its new inputs."""
    if not _is_planned(news):
        known = [name for name in IDENTITY if _differs(olds, news, name)]
        return (*(Change(name, *IDENTITY[name]) for name in known), Change("functions", *_UNKNOWN))
    return (*_of_inputs(olds, news), *_of_state(olds))


def effect_of(changes: Sequence[Change]) -> Effect:
    """The most disruptive of them; it takes the others along."""
    return max((one.effect for one in changes), key=lambda one: one.rank, default=Effect.RECORDED)


def needs_check(changes: Sequence[Change]) -> bool:
    """True when the app has to be found ready afterwards."""
    return any(one.effect not in (Effect.RECORDED, Effect.IN_PLACE) for one in changes)


def replaces(changes: Sequence[Change]) -> list[str]:
    """The inputs that replace the app."""
    found = [one.path for one in changes if one.effect is Effect.REPLACEMENT]
    return list(dict.fromkeys(path.partition(".")[0] for path in found))


def summary(changes: Sequence[Change]) -> str:
    """In one line: `in place: functions.web.max_containers`."""
    effect = effect_of(changes)
    paths = [one.path for one in changes if one.effect is effect]
    more = f" and {len(paths) - _MOST_PATHS} more" if len(paths) > _MOST_PATHS else ""
    shown = ", ".join(paths[:_MOST_PATHS])
    return f"{effect.value}: {shown}{more}" if shown else effect.value


_MOST_PATHS: Final = 3


def explained(changes: Sequence[Change], strategy: str | None) -> str:
    """For people: what happens in all, and below it each change with its reason."""
    head = _HEADS[effect_of(changes)].format(old=_OLD[strategy or "rolling"])
    if _stops_first(changes):
        head = f"{head}, which is stopped first"
    return "\n".join([head, *(f"  {_line(one)}" for one in changes)])


def _line(change: Change) -> str:
    return f"{change.path or _WHAT_RUNS}: {change.effect.value} ({change.reason})"


_WHAT_RUNS: Final = "what runs"
_OLD: Final = {
    "rolling": "old containers finish what they have",
    "recreate": "old ones are stopped at once",
}
_HEADS: Final[Mapping[Effect, str]] = {
    Effect.RECORDED: "nothing is deployed, and no container restarts",
    Effect.CHECKED: "nothing is deployed: the app is only asked whether it is ready",
    Effect.IN_PLACE: "in place: no new version, and no container restarts",
    Effect.ROLLOVER: "rollover: new containers of what is deployed; {old}",
    Effect.NEW_VERSION: "new version in new containers; {old}",
    Effect.REPLACEMENT: "replacement: another app takes the place of this one",
}


def _stops_first(changes: Sequence[Change]) -> bool:
    return replaces(changes) == ["functions"]


def _is_planned(news: Props) -> bool:
    return all(name in news for name in PLANNED)


def _differs(olds: Props, news: Props, name: str) -> bool:
    return bool(_said(olds.get(name)) != _said(news.get(name)))


def _said(value: Any) -> Any:
    """Absent and empty say the same."""
    return None if value in (None, "", {}, []) else value


def _of_inputs(olds: Props, news: Props) -> Iterator[Change]:
    for name in dict.fromkeys([*IDENTITY, *SAID, *PLANNED]):
        if isinstance(news.get(name), Unknown) and name in PLANNED:
            yield Change(name, *_UNKNOWN)
        elif name == "functions":
            yield from _of_functions(olds.get(name) or {}, news[name])
        elif name == "digest":
            yield from _of_digest(olds.get(name) or {}, news[name])
        elif _differs(olds, news, name):
            yield from _of_input(name, olds.get(name), news.get(name))


def _of_input(name: str, old: Any, new: Any) -> Iterator[Change]:
    """One for each entry of a map whose entries count for themselves."""
    rule = _RULES.get(name, _VERSION)
    if name not in ("triggers", "code") or isinstance(new, Unknown):
        yield Change(name, *rule)
        return
    for key in _changed_keys(old or {}, new or {}):
        yield Change(join(name, key), *rule)


def _of_digest(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for part in _changed_keys(old, new):
        if part != "files":
            yield Change(join("digest", part), *_UPLOADED)
            continue
        for path in _changed_keys(old.get(part, {}), new.get(part, {})):
            yield Change(join("digest", part, path), *_UPLOADED)


def _of_functions(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in _changed_keys(old, new):
        path = join("functions", name)
        if name not in old:
            yield Change(path, Effect.NEW_VERSION, "comes with a version")
        elif name not in new:
            yield Change(path, Effect.NEW_VERSION, "goes with a version")
        elif isinstance(new[name], Unknown):
            yield Change(path, *_UNKNOWN)
        else:
            yield from _of_settings(path, old[name], new[name])


def _of_settings(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in _changed_keys(old, new):
        if key in _FOLLOWS:
            continue
        rule = _UNKNOWN if has_unknown(new.get(key)) else _SETTINGS.get(key, _VERSION)
        yield Change(join(path, key), *rule)


def _changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


def _of_state(olds: Props) -> Iterator[Change]:
    """What is no input, and makes a deploy necessary all the same."""
    deployed = olds.get(DEPLOYED)
    if deployed is None:
        yield Change("", Effect.NEW_VERSION, "this stack has not deployed it to its end")
        return
    for subject in olds.get(DRIFT, {}):
        yield Change(join(DRIFT, subject), Effect.NEW_VERSION, "happened behind this stack's back")
    if olds.get(UNREADY):
        yield Change("", Effect.CHECKED, "it was not ready")
