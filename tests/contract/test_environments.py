"""What the provider may rely on of environments: in memory, and of a real local Modal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import modal
import pytest

from pulumi_modal.errors import NotFound, Refused
from pulumi_modal.gateway.environment_port import Environments, GivenRoles, NamedEnvironment
from pulumi_modal.gateway.environments import WireEnvironments
from tests.fakes.environments import FakeEnvironments
from tests.fakes.worlds import local_world

_numbers = itertools.count(1)


@dataclass
class Place:
    """Environments, and who is in the workspace."""

    environments: Environments
    user: str

    def made(self, *, is_restricted: bool = False) -> NamedEnvironment:
        """One that no other test uses."""
        name = f"env-{next(_numbers)}"
        self.environments.create(name, is_restricted=is_restricted, default_role="")
        return self.named(name)

    def named(self, name: str) -> NamedEnvironment:
        """As Modal lists it now."""
        (found,) = [one for one in self.environments.all() if one.name == name]
        return found


@pytest.fixture(scope="module", params=["memory", "local Modal"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    if request.param == "memory":
        yield Place(FakeEnvironments(), "alice")
        return
    with local_world(tmp_path_factory.mktemp("environments")) as world:
        with world.server.client() as client:
            modal.Workspace.from_context(client=client).service_users.create("ci", expires_in=None)
        yield Place(WireEnvironments(world.opened.wire), "local")


def test_a_new_one_is_open_and_empty(place: Place) -> None:
    made = place.made()
    assert (made.web_suffix, made.is_restricted, made.default_role) == (made.name, False, "")
    assert not made.is_default
    assert made.created_at.startswith("20")
    assert list(place.environments.contents(made.name)) == []
    with pytest.raises(Refused, match=f"creating the environment {made.name}"):
        place.environments.create(made.name, is_restricted=False, default_role="")
    assert place.named("main").is_default


def test_a_renamed_one_keeps_its_id(place: Place) -> None:
    made = place.made()
    place.environments.rename(made.name, f"{made.name}-new")
    assert place.named(f"{made.name}-new").environment_id == made.environment_id
    with pytest.raises(Refused, match="renaming the environment"):
        place.environments.rename(f"{made.name}-new", "main")
    with pytest.raises(NotFound, match=f"renaming the environment {made.name} to x"):
        place.environments.rename(made.name, "x")


def test_no_two_have_one_web_suffix(place: Place) -> None:
    made = place.made()
    place.environments.set_web_suffix(made.name, f"s-{made.name}")
    assert place.named(made.name).web_suffix == f"s-{made.name}"
    with pytest.raises(Refused, match="setting the web suffix"):
        place.environments.set_web_suffix(made.name, "main")


def test_one_is_restricted_and_opened(place: Place) -> None:
    made = place.made(is_restricted=True)
    assert (made.is_restricted, made.default_role) == (True, "viewer")
    place.environments.restrict(made, is_restricted=True, default_role="no-access")
    assert place.named(made.name).default_role == "no-access"
    place.environments.restrict(made, is_restricted=False, default_role="")
    now = place.named(made.name)
    assert (now.is_restricted, now.default_role) == (False, "")


def test_roles_are_given_and_taken(place: Place) -> None:
    made = place.made(is_restricted=True)
    assert place.environments.roles(made) == GivenRoles()
    given = GivenRoles({place.user: "contributor"}, {"ci": "viewer"})
    place.environments.give_roles(made, given)
    assert place.environments.roles(made) == given
    place.environments.give_roles(made, GivenRoles({place.user: "", "nobody": ""}, {"ci": ""}))
    assert place.environments.roles(made) == GivenRoles()
    for stranger in (GivenRoles({"x": "viewer"}), GivenRoles({}, {"x": "viewer"})):
        with pytest.raises(Refused, match="x is not in the workspace"):
            place.environments.give_roles(made, stranger)


def test_a_deleted_one_is_gone(place: Place) -> None:
    made = place.made()
    place.environments.delete(made.name)
    assert made.name not in {one.name for one in place.environments.all()}
    for ask in (place.environments.delete, place.environments.contents):
        with pytest.raises(NotFound, match=made.name):
            ask(made.name)
