"""What a stack must not do is refused before anything happens, all of it in one go."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PulumiProject

pytestmark = pytest.mark.timeout(300)

PLAIN: Mapping[str, Any] = {"source": "services/plain.py"}


def _environments(server: LocalModalServer) -> set[str]:
    listed = json.loads(server.modal("environment", "list", "--json").stdout)
    return {one["name"] for one in listed}


@pytest.fixture(scope="module")
def project(project_in: Callable[[str], PulumiProject]) -> PulumiProject:
    made = project_in("refused")
    made.source("plain.py", "greeter.py", "words.py")
    return made


def test_all_problems_of_all_services_come_at_once_with_their_paths(
    project: PulumiProject, server: LocalModalServer
) -> None:
    (project.folder / "services" / "broken.py").write_text("import modal\napp = modal.App(\n")
    project.declare(
        config={"inference:servcies": {}},
        first={**PLAIN, "gpu": "H1000", "max_containers": 2, "min_containers": 3},
        second={**PLAIN, "functions": {"doubel": {"gpu": "T4"}}},
        third={"source": "services/missing.py"},
        fourth={"source": "services/broken.py", "memory": "16Gb"},
        fifth={**PLAIN, "gpu": "T4:99", "timeout": "1 week"},
    )
    for run in (project.preview(status=1), project.up(status=1)):
        (error,) = [said for said in run.errors if "nothing was deployed" in said]
        for path in (
            "services.first.gpu",
            "services.first.min_containers",
            "services.second.functions.doubel",
            "services.third.source",
            "services.fourth.source",
            "services.fourth.memory",
            "services.fifth.gpu",
            "services.fifth.timeout",
            "servcies",
        ):
            assert any(line.strip().startswith(f"{path}:") for line in error.splitlines()), path
        assert "Traceback" not in run.text
    assert "refused" not in _environments(server)


def test_old_words_are_translated_with_one_warning_each(project: PulumiProject) -> None:
    project.declare(
        plain={**PLAIN, "concurrency_limit": 3, "keep_warm": 1},
        greeter={
            "source": "services/greeter.py",
            "functions": {
                "Greeter": {
                    "container_idle_timeout": "2m",
                    "methods": {"web": {"concurrency_limit": 6}},
                }
            },
        },
    )
    run = project.preview()
    settings = run.step("plain").new["functions"]["double"]
    assert (settings["max_containers"], settings["min_containers"]) == (3, 1)
    settings = run.step("greeter").new["functions"]["Greeter"]
    assert (settings["scaledown_window"], settings["max_inputs"]) == (120, 6)
    for word in (
        "services.plain.concurrency_limit:",
        "services.plain.keep_warm:",
        "services.greeter.functions.Greeter.container_idle_timeout:",
        "services.greeter.functions.Greeter.methods.web.concurrency_limit:",
    ):
        assert len([said for said in run.warnings if said.startswith(word)]) == 1, word


BINDINGS = [
    pytest.param(
        {"MODAL_ENVIRONMENT": "prod"},
        {},
        "bound to the Modal environment refused, but MODAL_ENVIRONMENT says prod",
        id="another environment",
    ),
    pytest.param(
        {},
        {"inference:workspace": "acme"},
        "bound to the Modal workspace acme, but the credentials reach local",
        id="another workspace",
    ),
    pytest.param({"MODAL_LOCAL_HOME": "/nowhere"}, {}, "local start", id="no local Modal"),
]


@pytest.mark.parametrize(("variables", "config", "words"), BINDINGS)
def test_a_stack_of_another_place_is_refused_in_one_line(
    project: PulumiProject,
    server: LocalModalServer,
    variables: Mapping[str, str],
    config: Mapping[str, str],
    words: str,
) -> None:
    project.declare(config=config, plain=PLAIN)
    access = {name: one for name, one in server.access.items() if name != "MODAL_ENVIRONMENT"}
    project.variables = {**access, **variables}
    try:
        run = project.up(status=1)
    finally:
        project.variables = {}
    (error,) = [said for said in run.errors if words in said]
    assert "\n" not in error
    assert "refused" not in _environments(server)


def test_a_local_modal_that_is_not_running_is_told_so(
    project: PulumiProject, server: LocalModalServer, tmp_path: Path
) -> None:
    """Its access is there, but nobody listens."""
    profile = (server.home / "modal.toml").read_text("utf-8")
    address = server.access["MODAL_SERVER_URL"]
    (tmp_path / "modal.toml").write_text(profile.replace(address, "http://127.0.0.1:9"), "utf-8")
    project.declare(plain=PLAIN)
    project.variables = {"MODAL_LOCAL_HOME": str(tmp_path)}
    try:
        run = project.up(status=1)
    finally:
        project.variables = {}
    (error,) = [said for said in run.errors if "local start" in said]
    assert "\n" not in error
