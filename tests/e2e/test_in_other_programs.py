"""The wheel in a Pulumi program of somebody else: two workspaces, and what options of Pulumi do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.plain_program import PlainProgram, built_wheel, installed
from tests.fakes.pulumi_run import Run

pytestmark = pytest.mark.timeout(600)  # one rich program instead of many: a dozen commands

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ABOUT = """
import modal
print(modal.Cls.from_name("model", "Model", environment_name="ours")().about.remote())
"""
DOUBLE = """
import modal
print(modal.Function.from_name("batch", "double", environment_name="lab").remote(21))
"""


@pytest.fixture(scope="module")
def program(
    server: LocalModalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PlainProgram]:
    """The program, with the local Modal as `local`, and one of its own wheel as `acme`."""
    folder = tmp_path_factory.mktemp("plain")
    installed(folder / ".venv", built_wheel(folder / "dist"))
    made = PlainProgram(folder, server)
    home = {"MODAL_LOCAL_HOME": str(folder / "acme"), "MODAL_LOCAL_WORKSPACE": "acme"}
    made.run("pulumi-modal", "local", "start", **home)
    try:
        made.variables["MODAL_CONFIG_PATH"] = str(folder / "acme" / "modal.toml")
        made.described(made.run("pulumi-modal", "host", "install"))
        yield made
    finally:
        made.run("pulumi-modal", "local", "stop", **home)


def configure(program: PlainProgram, **values: Any) -> None:
    for key, value in values.items():
        program.pulumi("config", "set", "--stack", "dev", f"plain:{key}", str(value))


def apps(server: LocalModalServer, environment: str) -> dict[str, Any]:
    """What is deployed in an environment, by name."""
    listed = json.loads(server.modal("app", "list", "--env", environment, "--json").stdout)
    return {one["description"]: one["app_id"] for one in listed if one["state"] == "deployed"}


def test_a_program_with_the_wheel_deploys_to_two_workspaces(
    program: PlainProgram, server: LocalModalServer
) -> None:
    acme = LocalModalServer(program.folder / "acme")
    for stack in ("shared", "dev"):
        program.pulumi("stack", "init", stack)
    program.pulumi("up", "--yes", "--skip-preview", "--stack", "shared")
    configure(program, gpu="t4", containers=2)
    all_but_the_unknown_is_planned(program.preview())

    program.up()
    assert server.python(ABOUT).stdout.strip() == "bert-tiny with 10"
    assert set(apps(server, "ours")) == {"model"}
    first = apps(acme, "lab")
    assert set(first) == {"batch"}
    secrets_and_order_are_kept(program.state())

    configure(program, gpu="L4", containers=3)
    changes_are_ignored_and_replace(program.up())
    outputs = program.outputs()
    assert (outputs["model"]["gpu"], outputs["model"]["max_in_flight"]) == ("T4", 6)
    assert outputs["batch"]["gpu"] == "L4"
    assert set(apps(acme, "lab")) == {"batch"}
    assert apps(acme, "lab") != first
    assert acme.python(DOUBLE).stdout.strip() == "42"  # the old one was stopped first
    program.preview("--expect-no-changes")

    program.up("--target-replace", urn_of("batch"))  # Pulumi creates first, and deletes then
    assert acme.python(DOUBLE).stdout.strip() == "42"

    program.destroy()
    for one, name in ((server, "ours"), (acme, "lab")):
        assert name not in one.modal("environment", "list", "--json").stdout


def urn_of(app: str) -> str:
    return f"urn:pulumi:dev::plain::pulumi-python:dynamic/modal:App::{app}"


def all_but_the_unknown_is_planned(preview: Run) -> None:
    model = preview.step("model").new
    settings = model["functions"]["Model"]
    assert (settings["gpu"], settings["max_in_flight"]) == ("T4", 4)
    assert settings["env"] == {"LOG_LEVEL": "info", "MODEL": UNKNOWN}
    assert (model["environment"], model["tag"]) == ("ours", "team-a")


def secrets_and_order_are_kept(state: Mapping[str, Any]) -> None:
    (app,) = [one for one in state["resources"] if one.get("id") == "ours/model"]
    assert any(urn.endswith("::vault") for urn in app["dependencies"])
    assert "canary-128" not in json.dumps(state)


def changes_are_ignored_and_replace(changed: Run) -> None:
    assert set(changed.step("model").changes) == {
        "functions.Model.max_containers",
        "functions.Model.max_in_flight",
    }
    assert [step.op for step in changed.steps if step.name == "batch"] == [
        "delete-replaced",
        "replace",
        "create-replacement",
    ]


def test_a_program_with_the_wheel_is_tested_with_pulumis_mocks(program: PlainProgram) -> None:
    said = program.run("python", "-m", "pytest", "-q", "-p", "no:randomly", "test_program.py")
    assert "3 passed" in said


def test_a_program_with_the_wheel_is_typed(program: PlainProgram) -> None:
    files = ["__main__.py", "tokens.py", "mistakes.py", "test_program.py"]
    cache = str(Path(__file__).parents[2] / ".mypy_cache" / "plain")
    said = program.run(
        "python",
        "-m",
        "mypy",
        "--strict",
        "--allow-untyped-decorators",
        "--cache-dir",
        cache,
        *files,
    )
    assert said.startswith("Success")
