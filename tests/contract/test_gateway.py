"""What the provider may rely on, whatever is behind the gateway: memory, or a real local Modal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.errors import DeployFailed, NotFound, PlanError, Refused, SourceError
from pulumi_modal.gateway.port import AppRef, DeployOrder, SecretNeed, VolumeNeed
from tests.fakes.worlds import (
    FakeWorld,
    World,
    a_new_environment,
    an_order,
    local_world,
    silent,
)

DEADLINE_S = 60
TWO = """
@app.function({settings})
def answer():
    return {answer}

@app.cls()
class Model:
    @modal.method()
    def predict(self):
        return 1
"""
SETTINGS = """
@app.function(
    gpu=["H100:2", "A100"], cpu=(0.5, 2), memory=(512, 1024), timeout=77, region="eu",
    min_containers=0, max_containers=4, buffer_containers=1, scaledown_window=33,
)
@modal.concurrent(max_inputs=5, target_inputs=3)
def full():
    return 1

@app.function(gpu="L4", cpu=2, memory=256, schedule=modal.Cron("0 4 * * *"))
def short():
    return 1

@app.function()
def plain():
    return 1

@app.function()
@modal.batched(max_batch_size=4, wait_ms=50)
def batched(numbers: list[int]):
    return numbers

@app.cls(gpu="T4:2", max_containers=3)
@modal.concurrent(max_inputs=8)
class Model:
    @modal.fastapi_endpoint()
    def ask(self):
        return 1

@app.function()
@modal.asgi_app()
def web():
    return None

@app.server(port=9000, routing_region="us-east")
class Server:
    @modal.enter()
    def start(self):
        pass
"""


@pytest.fixture(scope="module", params=["memory", "local Modal"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    if request.param == "memory":
        yield FakeWorld()
    else:
        with local_world(tmp_path_factory.mktemp("contract")) as real:
            yield real


@pytest.fixture
def environment(world: World) -> str:
    return a_new_environment(world)


def two(folder: Path, environment: str, answer: int = 1, name: str = "app", **settings: Any) -> Any:
    said = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    return an_order(folder, TWO.format(answer=answer, settings=said), environment, name)


def deployed(world: World, order: DeployOrder) -> AppRef:
    world.gateway.deploy(order, silent)
    return AppRef(order.request.environment, order.request.app_name)


def version(world: World, app: AppRef) -> int:
    found = world.gateway.find(app)
    assert found is not None
    return found.version


def settings(world: World, app: AppRef, tag: str = "answer") -> dict[str, Any]:
    found = world.gateway.function(app, tag)
    assert found is not None
    return dict(found.settings)


def test_the_workspace_has_a_name(world: World) -> None:
    assert world.gateway.workspace() == "local"


def test_a_new_environment_is_listed_and_empty(world: World, environment: str) -> None:
    assert environment in world.gateway.environments()
    assert list(world.gateway.apps(environment)) == []
    assert list(world.gateway.kept_objects(environment)) == []


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


def test_a_changed_deploy_is_a_version_more_of_the_same_app(
    world: World, environment: str, tmp_path: Path
) -> None:
    first = world.gateway.deploy(two(tmp_path, environment, 1), silent)
    second = world.gateway.deploy(two(tmp_path, environment, 2), silent)
    found = world.gateway.find(AppRef(environment, "app"))
    assert found is not None
    assert found.app_id == first == second
    assert found.version == 2
    assert found.deployed_by == "local"


def test_a_deploy_without_changes_is_no_version(
    world: World, environment: str, tmp_path: Path
) -> None:
    app = deployed(world, two(tmp_path, environment))
    deployed(world, two(tmp_path, environment))
    assert version(world, app) == 1


def test_overrides_are_what_is_deployed(world: World, environment: str, tmp_path: Path) -> None:
    order = two(tmp_path, environment, gpu="T4")
    overrides = {"answer": {"gpu": "H100:2", "timeout": 7}}
    app = deployed(world, DeployOrder(replace(order.request, overrides=overrides), tag="v1.2"))
    assert settings(world, app) == {"gpu": "H100:2", "timeout": 7}


def test_bounds_hold_until_the_next_version(world: World, environment: str, tmp_path: Path) -> None:
    app = deployed(world, two(tmp_path, environment, max_containers=3))
    before = world.gateway.function(app, "answer")
    assert before is not None
    world.gateway.set_bounds(before.function_id, {"min_containers": 1, "scaledown_window": 44})
    world.gateway.set_bounds(before.function_id, {"max_containers": 9})
    bounds = {"min_containers": 1, "max_containers": 9, "scaledown_window": 44}
    assert settings(world, app) == {"timeout": 300, **bounds}
    deployed(world, two(tmp_path, environment, max_containers=3, timeout=20))
    assert settings(world, app) == {"timeout": 20, "max_containers": 3}


def test_no_limit_of_containers_reads_as_none(
    world: World, environment: str, tmp_path: Path
) -> None:
    app = deployed(world, two(tmp_path, environment, max_containers=3))
    found = world.gateway.function(app, "answer")
    assert found is not None
    world.gateway.set_bounds(found.function_id, {"max_containers": 0})
    assert settings(world, app) == {"timeout": 300}


@pytest.fixture(scope="module")
def full(world: World, tmp_path_factory: pytest.TempPathFactory) -> AppRef:
    order = an_order(tmp_path_factory.mktemp("full"), SETTINGS, a_new_environment(world), "full")
    return deployed(world, order)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param(
            "full",
            {
                "gpu": ["H100:2", "A100"],
                "cpu": [0.5, 2],
                "memory": [512, 1024],
                "timeout": 77,
                "region": "eu",
                "min_containers": 0,
                "max_containers": 4,
                "buffer_containers": 1,
                "scaledown_window": 33,
                "max_inputs": 5,
                "target_inputs": 3,
            },
            id="everything",
        ),
        pytest.param(
            "short",
            {
                "gpu": "L4",
                "cpu": 2,
                "memory": 256,
                "timeout": 300,
                "schedule": "Cron('0 4 * * *', UTC)",
            },
            id="single values",
        ),
        pytest.param("plain", {"timeout": 300}, id="defaults"),
        pytest.param(
            "batched", {"timeout": 300, "max_batch_size": 4, "wait_ms": 50}, id="batching"
        ),
        pytest.param(
            "Model.*",
            {"gpu": "T4:2", "timeout": 300, "max_containers": 3, "max_inputs": 8},
            id="class",
        ),
        pytest.param("Server", {"routing_region": "us-east"}, id="server"),
    ],
)
def test_settings_are_read_back_in_the_words_of_a_stack(
    world: World, full: AppRef, tag: str, expected: dict[str, Any]
) -> None:
    assert settings(world, full, tag) == expected


def test_urls_are_told_by_method(world: World, full: AppRef) -> None:
    urls = {}
    for tag in ("Model.*", "web", "plain"):
        found = world.gateway.function(full, tag)
        assert found is not None
        urls[tag] = found.urls
    assert list(urls["Model.*"]) == ["ask"]
    assert list(urls["web"]) == [""]
    assert urls["plain"] == {}
    assert urls["Model.*"]["ask"].startswith("http://")


def test_a_class_is_found_by_its_tag_only(world: World, full: AppRef) -> None:
    assert world.gateway.function(full, "Model") is None
    assert world.gateway.function(full, "nothing") is None


def test_a_stopped_app_is_gone_and_its_name_is_free(
    world: World, environment: str, tmp_path: Path
) -> None:
    order = two(tmp_path, environment)
    first = world.gateway.deploy(order, silent)
    app = deployed(world, two(tmp_path, environment, 2))
    world.gateway.stop(first)
    assert world.gateway.find(app) is None
    assert world.gateway.function(app, "answer") is None
    assert list(world.gateway.apps(environment)) == []
    assert world.gateway.deploy(order, silent) != first
    assert version(world, app) == 1


def test_an_app_is_not_stopped_twice(world: World, environment: str, tmp_path: Path) -> None:
    app_id = world.gateway.deploy(two(tmp_path, environment), silent)
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
    kept = ["volume models", "secret hf", "secret keys"]
    assert list(world.gateway.kept_objects(environment)) == kept


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


@pytest.mark.parametrize(
    ("body", "deadline_s", "kind", "said"),
    [
        pytest.param(
            "raise RuntimeError('no')", 60, SourceError, "app.py:3: RuntimeError: no", id="error"
        ),
        pytest.param("def (", 60, SourceError, "app.py:3: syntax error", id="syntax"),
        pytest.param("import sys; sys.exit(3)", 60, SourceError, "sys.exit", id="exit"),
        pytest.param(
            "import os; os._exit(3)",
            60,
            DeployFailed,
            "ended the process with status 3",
            id="crash",
        ),
        pytest.param(
            "import time; time.sleep(3600)",
            2,
            DeployFailed,
            "did not end within 2 s, it hung at app.py:3",
            id="hangs",
        ),
        pytest.param(
            "f = app.function()(len)\nf = app.function()(len)",
            60,
            PlanError,
            "defined more than once",
            id="twice",
        ),
    ],
)
def test_a_file_that_cannot_be_loaded_is_not_deployed(  # noqa: PLR0913, PLR0917  # a table
    world: World,
    environment: str,
    tmp_path: Path,
    body: str,
    deadline_s: float,
    kind: type[Exception],
    said: str,
) -> None:
    order = an_order(tmp_path, body, environment, deadline_s=deadline_s)
    with pytest.raises(kind) as caught:
        world.gateway.deploy(order, silent)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert world.gateway.find(AppRef(environment, "app")) is None


def test_a_deploy_to_a_missing_environment_is_told(world: World, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="deploying no-environment/app"):
        world.gateway.deploy(two(tmp_path, "no-environment"), silent)
