"""An environment goes with its stack, but never with what is not the stack's."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PROGRAMS, PulumiProject

pytestmark = pytest.mark.timeout(300)

PLAIN = {"source": "services/plain.py"}


def _environments(server: LocalModalServer) -> set[str]:
    listed = json.loads(server.modal("environment", "list", "--json").stdout)
    return {one["name"] for one in listed}


def test_a_destroy_leaves_no_environment_no_app_and_no_process(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("destroyed")
    project.source("moody.py", "mood.py")
    project.declare(moody={"source": "services/moody.py", "probe": True})
    project.up()
    containers = [one for one in server.status()["containers"] if one["environment"] == "destroyed"]
    assert containers

    destroyed = project.destroy()
    assert "- 4 deleted" in destroyed.text
    assert "destroyed" not in _environments(server)
    left = server.status()
    assert not [one for one in left["containers"] if one["environment"] == "destroyed"]
    assert not [one for one in left["apps"] if one["environment"] == "destroyed"]
    assert project.state().get("resources") is None


def test_a_foreign_app_keeps_an_environment_from_being_deleted(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("shared")
    project.up()
    source = str(PROGRAMS / "services" / "plain.py")
    server.modal("deploy", "--env", "shared", "--name", "theirs", source)

    refused = project.destroy(status=1)
    (error,) = [said for said in refused.errors if "holds app theirs" in said]
    assert "\n" not in error
    assert "shared" in _environments(server)

    server.modal("app", "stop", "--env", "shared", "theirs", "--yes")
    project.destroy()
    assert "shared" not in _environments(server)


def test_an_environment_that_was_there_before_stays(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    server.modal("environment", "create", "older")
    project = project_in("older")
    project.up()
    destroyed = project.destroy()
    assert destroyed.warnings == [
        "the environment older was there before this stack: left as it is"
    ]
    assert "older" in _environments(server)


def test_another_environment_replaces_the_apps_that_lived_in_the_old_one(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("before-move")
    project.source("plain.py")
    project.declare(plain=PLAIN)
    project.up()

    project.environment = "after-move"
    project.declare(plain=PLAIN)
    preview = project.preview()
    assert {step.op for step in preview.steps if step.name == "plain"} == {
        "create-replacement",
        "replace",
        "delete-replaced",
    }

    project.up()
    assert project.service("plain")["environment"] == "after-move"
    assert "before-move" not in _environments(server)
    project.preview("--expect-no-changes")


def test_another_name_makes_another_app_and_stops_the_old_one(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("renamed")
    project.source("plain.py")
    project.declare(plain={**PLAIN, "name": "old-name"})
    project.up()
    project.declare(plain={**PLAIN, "name": "new-name"})
    project.up()
    listed = json.loads(server.modal("app", "list", "--env", "renamed", "--json").stdout)
    running = {app["description"] for app in listed if app["state"] == "deployed"}
    assert running == {"new-name"}
