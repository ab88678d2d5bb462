"""What a gateway changes of an app that runs, without a deploy: its containers and its tags."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modal.errors import GatewayError, NotFound
from tests.fakes.worlds import World, deployed, silent, two

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("strategy", ["rolling", "recreate"])
def test_a_rollover_is_a_version_of_the_same_app_with_its_own_bounds(
    world: World, environment: str, tmp_path: Path, strategy: str
) -> None:
    app = deployed(world, two(tmp_path, environment, max_containers=2))
    before = world.gateway.find(app)
    function = world.gateway.function(app, "answer")
    assert before is not None
    assert function is not None
    world.gateway.set_bounds(function.function_id, {"max_containers": 5})
    assert list(world.gateway.rollover(app, before.app_id, strategy)) == []
    after = world.gateway.find(app)
    rolled = world.gateway.function(app, "answer")
    assert after is not None
    assert rolled is not None
    assert (after.app_id, after.version) == (before.app_id, before.version + 1)
    assert rolled.settings["max_containers"] == 2  # as with every version


def test_only_what_runs_rolls_over(world: World, environment: str, tmp_path: Path) -> None:
    app = deployed(world, two(tmp_path, environment))
    found = world.gateway.find(app)
    assert found is not None
    world.gateway.stop(found.app_id)
    with pytest.raises(GatewayError, match=f"rolling over {app}"):
        world.gateway.rollover(app, found.app_id, "rolling")


def test_a_deploy_puts_its_tags_on_the_app_and_the_next_one_takes_them_off(
    world: World, environment: str, tmp_path: Path
) -> None:
    order = two(tmp_path, environment)
    tagged = type(order)(order.request, tags={"owner": "shop.dev"})
    app_id = world.gateway.deploy(tagged, silent).app_id
    assert world.gateway.tags(app_id) == {"owner": "shop.dev"}
    world.gateway.deploy(order, silent)
    assert world.gateway.tags(app_id) == {}


def test_tags_are_set_as_a_whole(world: World, environment: str, tmp_path: Path) -> None:
    app_id = world.gateway.deploy(two(tmp_path, environment), silent).app_id
    world.gateway.set_tags(app_id, {"a": "1", "b": "2"})
    world.gateway.set_tags(app_id, {"b": "3"})
    assert world.gateway.tags(app_id) == {"b": "3"}
    with pytest.raises(NotFound, match="ap-never"):
        world.gateway.tags("ap-never")


def test_a_deployment_tells_when_it_was_made(
    world: World, environment: str, tmp_path: Path
) -> None:
    found = world.gateway.find(deployed(world, two(tmp_path, environment)))
    assert found is not None
    assert found.deployed_at is not None
    assert found.deployed_at.tzinfo is not None


def test_the_kinds_of_an_apps_functions_are_told(
    world: World, environment: str, tmp_path: Path
) -> None:
    app_id = world.gateway.deploy(two(tmp_path, environment), silent).app_id
    assert dict(world.gateway.function_kinds(app_id)) == {"answer": "function", "Model.*": "class"}
