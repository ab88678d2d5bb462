"""What Modal tells of the past: who did what to an app, and whether a need is the one it was."""

from __future__ import annotations

from pathlib import Path

from pulumi_modal.gateway.port import AppRef, SecretNeed, VolumeNeed
from tests.fakes.worlds import World, deployed, silent, two


def test_every_version_has_what_made_it(world: World, environment: str, tmp_path: Path) -> None:
    deployed(world, two(tmp_path, environment))
    app = deployed(world, two(tmp_path, environment, 2))
    world.roll_back(app, 1)
    found = world.gateway.find(app)
    assert found is not None
    versions = world.gateway.versions(found.app_id)
    assert found.version == 3
    told = [(one.number, one.kind, one.repeats) for one in versions]
    assert told == [(3, "rollback", 1), (2, "deploy", 0), (1, "deploy", 0)]
    assert all(one.deployed_by and one.deployed_at for one in versions)


def test_an_app_that_was_stopped_tells_by_whom_and_when(
    world: World, environment: str, tmp_path: Path
) -> None:
    order = two(tmp_path, environment)
    app_id = world.gateway.deploy(order, silent).app_id
    app = AppRef(environment, "app")
    world.gateway.stop(app_id)
    ended = world.gateway.ended(app)
    assert ended is not None
    assert ended.stopped_by
    assert ended.stopped_at
    assert world.gateway.ended(AppRef(environment, "never")) is None
    assert world.gateway.ended(AppRef("nowhere", "app")) is None


def test_a_need_keeps_its_id_until_it_is_another_one(world: World, environment: str) -> None:
    secret, volume = SecretNeed("hf", environment, ("TOKEN",)), VolumeNeed("models", environment)
    assert list(world.gateway.object_ids([secret, volume])) == ["", ""]
    world.make_secret(environment, "hf", ["OTHER"])
    world.make_volume(environment, "models")
    assert world.gateway.object_ids([secret])[0] == ""
    bare = SecretNeed("hf", environment)
    first = list(world.gateway.object_ids([bare, volume]))
    assert all(first)
    assert list(world.gateway.object_ids([bare, volume])) == first
    world.remake_volume(environment, "models")
    (again,) = world.gateway.object_ids([volume])
    assert again not in {"", first[1]}
