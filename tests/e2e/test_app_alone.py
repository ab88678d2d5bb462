"""`pulumi_modal.App` in any Pulumi program, and on the dynamic host that Pulumi brings along."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PROGRAMS, PulumiProject

pytestmark = pytest.mark.timeout(300)


def a_project(make: Callable[[str], PulumiProject], environment: str) -> PulumiProject:
    project = make(environment)
    project.program(PROGRAMS / "app_alone.py")
    project.source("plain.py")
    configure(project)
    return project


def configure(project: PulumiProject, **values: Any) -> None:
    said = {"environment": project.environment, **values}
    project.declare(config={f"alone:{key}": value for key, value in said.items()})


def running(server: LocalModalServer, environment: str) -> set[str]:
    listed = json.loads(server.modal("app", "list", "--env", environment, "--json").stdout)
    return {app["description"] for app in listed if app["state"] == "deployed"}


def test_an_app_of_a_plain_program_is_checked_deployed_replaced_and_destroyed(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = a_project(project_in, "alone")

    configure(project, overrides={"double": {"gpu": "H1000"}})
    refused = project.preview(status=1)
    (error,) = [said for said in refused.errors if "overrides.double.gpu" in said]
    assert "did you mean H100?" in error

    configure(project, overrides={"double": {"gpu": "h100", "max_containers": 3}})
    preview = project.preview()  # the tag of the second app is unknown
    assert {step.name: step.op for step in preview.steps if step.kind == "App"} == {
        "first": "create",
        "second": "create",
    }
    project.up()
    outputs = project.outputs()
    assert outputs["versions"] == [1, 1]
    assert (outputs["double"]["gpu"], outputs["double"]["max_containers"]) == ("H100", 3)
    project.preview("--expect-no-changes")

    configure(project, name="other", overrides={"double": {"gpu": "H100"}})
    replaced = project.up()
    ops = [step.op for step in replaced.steps if step.name == "first"]
    assert ops == ["create-replacement", "replace", "delete-replaced"]
    assert running(server, "alone") == {"other", "second"}

    project.destroy()
    assert "alone" not in server.modal("environment", "list", "--json").stdout


@pytest.mark.timeout(600)
@pytest.mark.parametrize("host", ["ours", "stock"])
def test_both_hosts_apply_each_change_by_the_least_and_refuse_apps_of_others(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer, host: str
) -> None:
    environment = f"host-{host}"
    project = a_project(project_in, environment)
    if host == "stock":
        described = (project.folder / "Pulumi.yaml").read_text("utf-8")
        without_ours = described.partition("plugins:")[0]
        (project.folder / "Pulumi.yaml").write_text(without_ours, "utf-8")
    project.up()

    bounds = {"max_containers": 3}
    configure(project, overrides={"double": bounds})
    if host == "ours":
        told = json.loads(project.pulumi("preview", "--json", "--stack", "dev").text)
        (words,) = [one["message"] for one in told["diagnostics"] if "first" in one.get("urn", "")]
        assert words.startswith("in place: no new version, and no container restarts\n")
    scaled = project.up()
    assert scaled.step("first").changes["functions.double.max_containers"] == "update"
    assert project.outputs()["versions"] == [1, 1]

    configure(project, overrides={"double": bounds}, triggers={"secret": "d1"})
    project.up()
    assert project.outputs()["versions"] == [2, 1]  # a tag marks the next version

    plain = str(project.folder / "services" / "plain.py")
    server.modal("deploy", "--env", environment, "--name", "theirs", plain)
    configure(project, name="theirs", overrides={"double": {**bounds, "gpu": "L4"}})
    refused = project.up(status=1)
    assert (
        f"{environment}/theirs is there already: version 1, deployed by local on " in refused.text
    )
    assert running(server, environment) == {"first", "second", "theirs"}

    configure(project, name="theirs", overrides={"double": {**bounds, "gpu": "L4"}}, adopt=True)
    project.up()
    assert project.outputs()["versions"] == [2, 1]
    assert running(server, environment) == {"second", "theirs"}
    project.destroy()
    assert environment not in server.modal("environment", "list", "--json").stdout
