"""What a deploy makes, in memory and on a real local Modal: versions, settings, URLs, refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.errors import DeployFailed, NotFound, PlanError, SourceError
from pulumi_modal.gateway.port import AppRef, DeployOrder
from tests.fakes.worlds import World, a_new_environment, an_order, deployed, silent, two

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


def version(world: World, app: AppRef) -> int:
    found = world.gateway.find(app)
    assert found is not None
    return found.version


def settings(world: World, app: AppRef, tag: str = "answer") -> dict[str, Any]:
    found = world.gateway.function(app, tag)
    assert found is not None
    return dict(found.settings)


def test_a_changed_deploy_is_a_version_more_of_the_same_app(
    world: World, environment: str, tmp_path: Path
) -> None:
    first = world.gateway.deploy(two(tmp_path, environment, 1), silent)
    second = world.gateway.deploy(two(tmp_path, environment, 2), silent)
    found = world.gateway.find(AppRef(environment, "app"))
    assert found is not None
    assert found.app_id == first.app_id == second.app_id
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
