"""An app outlives what is done to its resource: imports, renames, moves, protection, forgetting."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PROGRAMS, STACK, PulumiProject
from tests.fakes.waiting import eventually

pytestmark = pytest.mark.timeout(300)

ENVIRONMENT = "moved"
TYPE = "pulumi-python:dynamic/modal:App"


def configure(project: PulumiProject, **said: Any) -> None:
    values = {"environment": ENVIRONMENT, **said}
    project.declare(config={f"moves:{key}": value for key, value in values.items()})


def app_ids(server: LocalModalServer) -> list[str]:
    listed = json.loads(server.modal("app", "list", "--env", ENVIRONMENT, "--json").stdout)
    return [app["app_id"] for app in listed if app["state"] == "deployed"]


def containers(server: LocalModalServer) -> list[str]:
    """Those that run there: each is one process, from its start to its end."""
    found = server.status()["containers"]
    return [one["task_id"] for one in found if one["environment"] == ENVIRONMENT]


def test_an_app_is_imported_renamed_moved_protected_forgotten_and_never_restarted(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in(ENVIRONMENT)
    project.program(PROGRAMS / "app_moves.py")
    project.source("plain.py")
    server.modal("environment", "create", ENVIRONMENT)
    server.modal("deploy", "--env", ENVIRONMENT, str(project.folder / "services" / "plain.py"))
    (app_id,) = app_ids(server)

    configure(project)
    command = ("import", TYPE, "first", f"{ENVIRONMENT}/plain")
    options = ("--generate-code=false", "--protect=false", "--yes", "--skip-preview")
    project.pulumi(*command, *options, "--stack", STACK)
    assert project.up().step("first").op == "update"
    deployed = project.outputs()["app"]
    assert (deployed["id"], deployed["version"]) == (app_id, 2)  # it has a bound more than theirs
    eventually(lambda: len(containers(server)) == 1)
    before = containers(server)

    configure(project, resource="renamed", grouped=True, protect=True)
    moved = project.up()
    assert [step.op for step in moved.steps if step.kind == "App"] == []
    assert project.outputs()["app"] == deployed
    assert containers(server) == before

    assert "renamed" in project.destroy(status=1).text  # it is protected
    configure(project, resource="renamed", grouped=True, retain=True)
    project.up()
    project.destroy()
    assert project.apps() == {}
    assert app_ids(server) == [app_id]

    configure(project, **{"import": f"{ENVIRONMENT}/plain"})
    project.up()
    assert project.outputs()["app"]["id"] == app_id
    assert project.outputs()["app"]["version"] == 2  # what is equal makes no version
    assert containers(server) == before
    project.preview("--expect-no-changes")
