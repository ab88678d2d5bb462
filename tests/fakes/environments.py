"""The environments of a Modal in memory: an `Environments` without server, SDK or processes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pulumi_modal.errors import GatewayError, NotFound, Refused
from pulumi_modal.gateway.environment_port import GivenRoles, NamedEnvironment


class FakeEnvironments:
    """Keeps environments; `calls` says what was asked, `fail` makes it go wrong.

    `fail(verb, error, done=True)` does what was asked, and loses the answer.
    """

    def __init__(self, names: Iterable[str] = ("main",)) -> None:
        self.calls: list[str] = []
        self.held: dict[str, list[str]] = {}
        """What is in an environment, by its name."""
        self.people = {"alice", "bob"}
        self.robots = {"ci"}
        self._every: list[NamedEnvironment] = []
        self._given: dict[str, dict[str, dict[str, str]]] = {}
        self._failures: dict[str, tuple[GatewayError, bool]] = {}
        self._numbers = itertools.count(1)
        for name in names:
            self._add(name, is_default=name == "main")

    def fail(self, verb: str, error: GatewayError, *, done: bool = False) -> None:
        """Let a verb fail from now on."""
        self._failures[verb] = (error, done)

    def heal(self) -> None:
        """Nothing fails any more."""
        self._failures = {}

    def named(self, name: str) -> NamedEnvironment:
        """The environment of this name, past the calls."""
        return next(one for one in self._every if one.name == name)

    def names(self) -> set[str]:
        """Of all environments, past the calls."""
        return {one.name for one in self._every}

    def all(self) -> Sequence[NamedEnvironment]:
        self._called("all")
        return list(self._every)

    def create(self, name: str, *, is_restricted: bool, default_role: str) -> None:
        what = f"creating the environment {name}"
        self._called("create", before=True)
        if name in self.names():
            raise Refused(f"{what}: it exists")
        self._add(name, is_restricted=is_restricted, default_role=default_role)
        self._lose_answer("create")

    def rename(self, name: str, new_name: str) -> None:
        what = f"renaming the environment {name} to {new_name}"
        self._called("rename")
        if new_name in self.names():
            raise Refused(f"{what}: that exists")
        self._change(name, what, name=new_name)
        self.held[new_name] = self.held.pop(name, [])

    def set_web_suffix(self, name: str, web_suffix: str) -> None:
        what = f"setting the web suffix of the environment {name}"
        self._called("set_web_suffix")
        if any(one.web_suffix == web_suffix and one.name != name for one in self._every):
            raise Refused(f"{what}: another one has it")
        self._change(name, what, web_suffix=web_suffix)

    def restrict(
        self, environment: NamedEnvironment, *, is_restricted: bool, default_role: str
    ) -> None:
        self._called("restrict")
        known = self.named(environment.name).default_role
        role = (default_role or known or "viewer") if is_restricted else ""
        what = f"restricting the environment {environment.name}"
        self._change(environment.name, what, is_restricted=is_restricted, default_role=role)

    def roles(self, environment: NamedEnvironment) -> GivenRoles:
        self._called("roles")
        return GivenRoles(**self._given[environment.environment_id])

    def give_roles(self, environment: NamedEnvironment, roles: GivenRoles) -> None:
        self._called("give_roles")
        given = self._given[environment.environment_id]
        for kind, known in (("users", self.people), ("service_users", self.robots)):
            for name, role in getattr(roles, kind).items():
                if role and name not in known:
                    where = f"giving roles in the environment {environment.name}"
                    raise Refused(f"{where}: {name} is not in the workspace")
                if role:
                    given[kind][name] = role
                else:
                    given[kind].pop(name, None)

    def contents(self, name: str) -> Sequence[str]:
        self._called("contents")
        self._check(name, f"listing what is in {name}")
        return sorted(self.held.get(name, []))

    def delete(self, name: str) -> None:
        self._called("delete")
        self._check(name, f"deleting the environment {name}")
        self._every = [one for one in self._every if one.name != name]
        self.held.pop(name, None)

    def _add(
        self,
        name: str,
        *,
        is_default: bool = False,
        is_restricted: bool = False,
        default_role: str = "",
    ) -> None:
        environment = NamedEnvironment(
            environment_id=f"en-{next(self._numbers)}",
            name=name,
            web_suffix=name.lower(),
            is_restricted=is_restricted,
            default_role=(default_role or "viewer") if is_restricted else "",
            is_default=is_default,
            created_at="2026-11-24T12:00:00+00:00",
        )
        self._every.append(environment)
        self._given[environment.environment_id] = {"users": {}, "service_users": {}}

    def _change(self, name: str, what: str, /, **values: object) -> None:
        self._check(name, what)
        self._every = [
            replace(one, **values) if one.name == name else one  # type: ignore[arg-type]  # its own fields
            for one in self._every
        ]

    def _check(self, name: str, what: str) -> None:
        if name not in self.names():
            raise NotFound(f"{what}: there is no environment {name}")

    def _called(self, verb: str, *, before: bool = False) -> None:
        self.calls.append(verb)
        error, done = self._failures.get(verb, (None, False))
        if error is not None and not (before and done):
            raise error

    def _lose_answer(self, verb: str) -> None:
        error, done = self._failures.get(verb, (None, False))
        if error is not None and done:
            raise error
