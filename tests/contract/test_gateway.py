"""What the provider may rely on, whatever is behind the gateway: memory, or a real local Modal."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pulumi_modal.errors import NotFound, Refused
from pulumi_modal.gateway.port import AppRef, SecretNeed, VolumeNeed
from tests.fakes.worlds import World, an_order, deployed, silent, two

DEADLINE_S = 60


def test_the_workspace_has_a_name(world: World) -> None:
    assert world.gateway.workspace() == "local"


def test_a_new_environment_is_listed_and_empty(world: World, environment: str) -> None:
    assert environment in world.gateway.environments()
    assert list(world.gateway.apps(environment)) == []


def test_an_environment_is_not_made_twice(world: World, environment: str) -> None:
    with pytest.raises(Refused, match=f"creating the environment {environment}"):
        world.gateway.create_environment(environment)


def test_a_deleted_environment_is_gone_with_all_in_it(
    world: World, environment: str, tmp_path: Path
) -> None:
    app = deployed(world, two(tmp_path, environment))
    world.gateway.delete_environment(environment)
    assert environment not in world.gateway.environments()
    assert world.gateway.find(app) is None
    with pytest.raises(NotFound, match=f"deleting the environment {environment}"):
        world.gateway.delete_environment(environment)
    with pytest.raises(NotFound, match=environment):
        world.gateway.apps(environment)


def test_what_was_never_deployed_is_not_found(world: World, environment: str) -> None:
    assert world.gateway.find(AppRef(environment, "nothing")) is None
    assert world.gateway.find(AppRef("no-environment", "nothing")) is None
    assert world.gateway.function(AppRef(environment, "nothing"), "answer") is None


def test_a_stopped_app_is_gone_and_its_name_is_free(
    world: World, environment: str, tmp_path: Path
) -> None:
    order = two(tmp_path, environment)
    first = world.gateway.deploy(order, silent).app_id
    app = deployed(world, two(tmp_path, environment, 2))
    world.gateway.stop(first)
    assert world.gateway.find(app) is None
    assert world.gateway.function(app, "answer") is None
    assert list(world.gateway.apps(environment)) == []
    assert world.gateway.deploy(order, silent).app_id != first
    found = world.gateway.find(app)
    assert found is not None
    assert found.version == 1


def test_an_app_is_not_stopped_twice(world: World, environment: str, tmp_path: Path) -> None:
    app_id = world.gateway.deploy(two(tmp_path, environment), silent).app_id
    world.gateway.stop(app_id)
    for gone in (app_id, "ap-never"):
        with pytest.raises(NotFound, match=f"stopping {gone}"):
            world.gateway.stop(gone)


def test_apps_of_an_environment_are_told_by_name(
    world: World, environment: str, tmp_path: Path
) -> None:
    for name in ("b", "a"):
        deployed(world, two(tmp_path, environment, name=name))
    assert list(world.gateway.apps(environment)) == ["a", "b"]
    assert list(world.gateway.apps("main")) == []


def test_needs_are_missing_until_they_are_made(world: World, environment: str) -> None:
    needs: list[SecretNeed | VolumeNeed] = [
        SecretNeed("hf", environment),
        SecretNeed("keys", environment, ("A", "B")),
        VolumeNeed("models", environment),
    ]
    assert list(world.gateway.missing(needs)) == ["secret hf", "secret keys", "volume models"]
    world.make_secret(environment, "hf", ["TOKEN"])
    world.make_secret(environment, "keys", ["A"])
    world.make_volume(environment, "models")
    assert list(world.gateway.missing(needs)) == ["all of A, B in secret keys"]


def test_needs_are_met_only_in_their_environment(world: World, environment: str) -> None:
    world.make_secret(environment, "hf", ["TOKEN", "MORE"])
    assert list(world.gateway.missing([SecretNeed("hf", environment, ("TOKEN",))])) == []
    assert list(world.gateway.missing([SecretNeed("hf", "main")])) == ["secret hf"]
    assert list(world.gateway.missing([VolumeNeed("v", "no-environment")])) == ["volume v"]


def test_the_last_lines_of_containers_are_told_from_a_moment_on(
    world: World, environment: str, tmp_path: Path
) -> None:
    body = """
    @app.function()
    def first():
        print("first")

    @app.function()
    def second():
        print("second")
    """
    app = deployed(world, an_order(tmp_path, body, environment))
    found = world.gateway.find(app)
    assert found is not None
    begun = datetime.now(UTC) - timedelta(seconds=2)
    assert list(world.gateway.last_lines(found.app_id, 5, begun)) == []
    for line in ("first", "second"):
        world.run_function(app, line, line)
        wait_for_line(world, found.app_id, line, begun)
    assert list(world.gateway.last_lines(found.app_id, 1, begun)) == ["second"]
    later = datetime.now(UTC) + timedelta(hours=1)
    assert list(world.gateway.last_lines(found.app_id, 5, later)) == []


def wait_for_line(world: World, app_id: str, line: str, since: datetime) -> None:
    """A log follows its container; nothing tells when it has caught up."""
    end = time.monotonic() + DEADLINE_S
    while line not in world.gateway.last_lines(app_id, 5, since):
        assert time.monotonic() < end
