"""A Modal in memory, as the provider sees one: a `Gateway` without server, SDK or processes.

    gateway = FakeGateway(environments=("dev",))
    gateway.fail("find", Unavailable("looking up dev/llm: no answer"))

What a deploy makes of a file comes from the real planner, unless a test gives another `plan`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from pulumi_modal.errors import DeployFailed, GatewayError, NoAnswer, NotFound, Refused
from pulumi_modal.gateway.observation import READABLE
from pulumi_modal.gateway.port import (
    AppRef,
    Called,
    CallOrder,
    Deployed,
    Deployment,
    DeployOrder,
    Ended,
    JsonValue,
    ObservedFunction,
    SecretNeed,
    Tell,
    Version,
    VolumeNeed,
)
from pulumi_modal.planning.plan import plan_one
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.expectation import brief, difference
from pulumi_modal.spec.plan import Plan, PlannedFunction
from pulumi_modal.spec.probe import callable_names

MOMENT: Final = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
"""When everything happens that is done behind Pulumi's back."""


@dataclass
class FakeApp:
    """An app that is deployed: its version, what was sent last, and bounds set since."""

    app_id: str
    plan: Plan
    version: int = 1
    bounds: dict[str, dict[str, JsonValue]] = field(default_factory=dict)
    history: tuple[Version, ...] = ()
    """Of versions that were not deployed by this stack."""
    plans: dict[int, Plan] = field(default_factory=dict)
    """What each version was."""
    lines: list[tuple[datetime, str]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    deployed_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class FakeGateway:
    """Keeps what was deployed; `calls` says what was asked, `fail` makes it go wrong."""

    def __init__(
        self,
        environments: Iterable[str] = ("main",),
        plan: Callable[[PlanRequest], Plan] = plan_one,
    ) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.running: dict[AppRef, FakeApp] = {}
        self.secrets: dict[tuple[str, str], frozenset[str]] = {}
        self.volumes: set[tuple[str, str]] = set()
        self.lost: set[tuple[AppRef, str]] = set()
        """Functions that Modal has lost sight of."""
        self.keeps_bounds = False
        """A deploy without changes leaves bounds in force, where the local Modal sets them back."""
        self.urls: dict[str, str] = {}
        """Where a function really answers, by its name."""
        self.words: tuple[str, ...] = ()
        """What a deploy tells."""
        self.warnings: tuple[str, ...] = ()
        """What Modal warns of at a deploy."""
        self.answers: dict[str, Callable[..., JsonValue]] = {}
        """What `function` or `Class.method` does when it is called."""
        self._environments = set(environments)
        self._plan = plan
        self._failures: dict[str, tuple[GatewayError, str]] = {}
        self._numbers = itertools.count(1)
        self._ended: dict[AppRef, Ended] = {}
        self._ids: dict[SecretNeed | VolumeNeed, str] = {}

    def fail(self, verb: str, error: GatewayError, *, after: str = "") -> None:
        """Let this verb fail from now on, or once another one was asked."""
        self._failures[verb] = error, after

    def heal(self) -> None:
        """Let nothing fail any more."""
        self._failures.clear()

    def verbs(self) -> list[str]:
        """What was asked, in order."""
        return [verb for verb, _ in self.calls]

    def print(self, app: AppRef, line: str) -> None:
        """Let a container of the app print a line."""
        self.running[app].lines.append((datetime.now(UTC), line))

    def redeploy(self, app: AppRef, *, anew: bool = False) -> None:
        """Deploy behind Pulumi's back: a version more, or another app under the name."""
        known = self.running[app]
        app_id = self._id("ap") if anew else known.app_id
        version = 1 if anew else known.version + 1
        self.running[app] = replace(known, app_id=app_id, version=version, tags={})

    def roll_back(self, app: AppRef, version: int) -> None:
        """Go back to an older version, behind Pulumi's back."""
        self.redeploy(app)
        known = self.running[app]
        entry = Version(known.version, "rollback", version, "someone", MOMENT)
        self.running[app] = replace(known, history=(entry, *known.history))

    def remake(self, need: SecretNeed | VolumeNeed) -> None:
        """Delete a secret or volume, and make another of that name."""
        self._ids.pop(need, None)

    def workspace(self) -> str:
        self._called("workspace")
        return "local"

    def environments(self) -> frozenset[str]:
        self._called("environments")
        return frozenset(self._environments)

    def create_environment(self, name: str) -> None:
        self._called("create_environment", name)
        if name in self._environments:
            raise Refused(f"creating the environment {name}: it is there already")
        self._environments.add(name)

    def delete_environment(self, name: str) -> None:
        self._called("delete_environment", name)
        self._check_environment(name, f"deleting the environment {name}")
        self._environments.remove(name)
        self.running = {ref: app for ref, app in self.running.items() if ref.environment != name}
        self.secrets = {at: keys for at, keys in self.secrets.items() if at[0] != name}
        self.volumes = {at for at in self.volumes if at[0] != name}

    def apps(self, environment: str) -> Sequence[str]:
        self._called("apps", environment)
        self._check_environment(environment, f"listing the apps of {environment}")
        return sorted(ref.name for ref in self.running if ref.environment == environment)

    def find(self, app: AppRef) -> Deployment | None:
        self._called("find", app)
        found = self.running.get(app)
        if found is None:
            return None
        return Deployment(found.app_id, found.version, "local", found.deployed_at)

    def versions(self, app_id: str) -> Sequence[Version]:
        self._called("versions", app_id)
        app = self._of(app_id, f"reading the history of {app_id}")
        told = {one.number for one in app.history}
        rest = [
            Version(one, deployed_by="local", deployed_at=MOMENT)
            for one in range(app.version, 0, -1)
            if one not in told
        ]
        return sorted([*app.history, *rest], key=lambda one: -one.number)

    def ended(self, app: AppRef) -> Ended | None:
        self._called("ended", app)
        return self._ended.get(app)

    def function(self, app: AppRef, tag: str) -> ObservedFunction | None:
        self._called("function", (app, tag))
        found = self.running.get(app)
        planned = _by_tag(found.plan).get(tag) if found else None
        if found is None or planned is None or (app, tag) in self.lost:
            return None
        settings = {key: value for key, value in planned.effective.items() if key in READABLE}
        settings |= found.bounds.get(tag, {})
        if settings.get("max_containers") == 0:  # how Modal writes "no limit"
            del settings["max_containers"]
        own = f"http://{app.environment}-{app.name}-{tag.removesuffix('.*')}.invalid".lower()
        urls = _urls(self.urls.get(tag, own), planned)
        return ObservedFunction(f"{found.app_id}/{tag}", settings, urls)

    def function_kinds(self, app_id: str) -> Mapping[str, str]:
        self._called("function_kinds", app_id)
        app = self._of(app_id, f"describing {app_id}")
        return {tag: one.kind for tag, one in _by_tag(app.plan).items()}

    def missing(self, needs: Sequence[SecretNeed | VolumeNeed]) -> Sequence[str]:
        self._called("missing", tuple(needs))
        return [phrase for need in needs for phrase in self._unmet(need)]

    def object_ids(self, needs: Sequence[SecretNeed | VolumeNeed]) -> Sequence[str]:
        self._called("object_ids", tuple(needs))
        return ["" if self._unmet(need) else self._id_of(need) for need in needs]

    def _id_of(self, need: SecretNeed | VolumeNeed) -> str:
        kind = "st" if isinstance(need, SecretNeed) else "vo"
        return self._ids.setdefault(need, self._id(kind))

    def deploy(self, order: DeployOrder, tell: Tell) -> Deployed:
        self._called("deploy", order)
        request = order.request
        ref = AppRef(request.environment, request.app_name)
        try:
            plan = self._plan(replace(request, deadline_s=order.deadline_s))
        except NoAnswer as error:
            raise DeployFailed(str(error)) from error
        self._check_environment(ref.environment, f"deploying {ref}")
        for words in self.words:
            tell(words)
        known = self.running.get(ref)
        if known is None:
            self.running[ref] = FakeApp(self._id("ap"), plan)
        elif self._changes(known, plan):
            self.running[ref] = replace(known, plan=plan, version=known.version + 1, bounds={})
        self.running[ref].tags = dict(order.tags)
        self.running[ref].plans[self.running[ref].version] = plan
        return Deployed(self.running[ref].app_id, self.warnings)

    def call(self, order: CallOrder) -> Sequence[Called]:
        self._called("call", order)
        found = self.running.get(order.app)
        if found is None or order.call not in callable_names(found.plan.functions):
            raise NotFound(f"calling {order.call} of {order.app}: it is not there")
        return [self._answer(order) for _ in range(order.times)]

    def _answer(self, order: CallOrder) -> Called:
        try:
            answer = self.answers.get(order.call, lambda: None)(*order.args, **order.kwargs)
        except Exception as error:  # noqa: BLE001  # as a container tells it
            return Called(0.01, repr(error))
        wrong = difference(order.expect, answer) if order.expect is not None else ""
        return Called(0.01, f"answered, but {wrong}" if wrong else "", brief(answer))

    def rollover(self, app: AppRef, app_id: str, strategy: str) -> Sequence[str]:
        self._called("rollover", (app, strategy))
        known = self._of(app_id, f"rolling over {app}")
        known.version += 1
        known.bounds.clear()
        return self.warnings

    def rollback(self, app: AppRef, app_id: str, version: int, strategy: str) -> Sequence[str]:
        self._called("rollback", (app, version, strategy))
        known = self._of(app_id, f"rolling {app} back to version {version}")
        if version not in known.plans:
            raise Refused(f"rolling {app} back to version {version}: there is none")
        number, plan = known.version + 1, known.plans[version]
        self.running[app] = replace(
            known,
            plan=plan,
            plans={**known.plans, number: plan},
            version=number,
            bounds={},
            history=(Version(number, "rollback", version, "local", MOMENT), *known.history),
        )
        return self.warnings

    def tags(self, app_id: str) -> Mapping[str, str]:
        self._called("tags", app_id)
        return dict(self._of(app_id, f"reading the tags of {app_id}").tags)

    def set_tags(self, app_id: str, tags: Mapping[str, str]) -> None:
        self._called("set_tags", (app_id, dict(tags)))
        self._of(app_id, f"setting the tags of {app_id}").tags = dict(tags)

    def set_bounds(self, function_id: str, bounds: Mapping[str, JsonValue]) -> None:
        self._called("set_bounds", (function_id, dict(bounds)))
        app_id, _, tag = function_id.partition("/")
        self._of(app_id, f"scaling {function_id}").bounds.setdefault(tag, {}).update(bounds)

    def stop(self, app_id: str, deadline_s: float = 60.0) -> None:
        del deadline_s
        self._called("stop", app_id)
        stopped = self._of(app_id, f"stopping {app_id}")
        self._ended |= {
            ref: Ended("someone", MOMENT) for ref, app in self.running.items() if app is stopped
        }
        self.running = {ref: app for ref, app in self.running.items() if app is not stopped}

    def last_lines(self, app_id: str, count: int, since: datetime) -> Sequence[str]:
        self._called("last_lines", app_id)
        app = self._of(app_id, f"reading the log of {app_id}")
        return [line for at, line in app.lines if at >= since][-count:]

    def _called(self, verb: str, about: Any = None) -> None:
        self.calls.append((verb, about))
        error, after = self._failures.get(verb, (None, ""))
        if error is not None and (not after or after in self.verbs()):
            raise error

    def _changes(self, known: FakeApp, plan: Plan) -> bool:
        before, now = [(one.functions, one.digest) for one in (known.plan, plan)]
        return before != now or (bool(known.bounds) and not self.keeps_bounds)

    def _unmet(self, need: SecretNeed | VolumeNeed) -> list[str]:
        at = (need.environment, need.name)
        if isinstance(need, VolumeNeed):
            return [] if at in self.volumes else [str(need)]
        if at not in self.secrets:
            return [str(need)]
        if set(need.required_keys) <= self.secrets[at]:
            return []
        return [f"all of {', '.join(need.required_keys)} in {need}"]

    def _check_environment(self, name: str, what: str) -> None:
        if name not in self._environments:
            raise NotFound(f"{what}: there is no environment {name}")

    def _of(self, app_id: str, what: str) -> FakeApp:
        found = [app for app in self.running.values() if app.app_id == app_id]
        if not found:
            raise NotFound(f"{what}: it does not run")
        return found[0]

    def _id(self, prefix: str) -> str:
        return f"{prefix}-{next(self._numbers)}"


def _by_tag(plan: Plan) -> dict[str, PlannedFunction]:
    return {
        f"{name}.*" if one.kind == "class" else name: one for name, one in plan.functions.items()
    }


def _urls(own: str, planned: PlannedFunction) -> dict[str, str]:
    """Where a function or server has a URL; a class gets one at each of its methods."""
    if not planned.web and planned.kind != "server":
        return {}
    if planned.kind != "class":
        return {"": own}
    return {method: f"{own}/{method}" for method in planned.methods}
