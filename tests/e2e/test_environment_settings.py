"""Settings of an environment from a stack file: applied, drifted, repaired, renamed, given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from google.protobuf.empty_pb2 import Empty

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PulumiProject
from tests.fakes.wire import call

pytestmark = pytest.mark.timeout(900)

MOODY = {"source": "services/moody.py", "probe": True, "min_containers": 1}


def declare(project: PulumiProject, **settings: Any) -> None:
    """The stack, with these settings of its environment."""
    environment = {"name": project.environment, **settings}
    project.declare(config={"inference:environment": environment}, moody=MOODY)


def found(server: LocalModalServer, name: str) -> Any:
    """The environment of this name, as Modal lists it; None when there is none."""
    every = call(server, "EnvironmentList", Empty()).items
    return next((one for one in every if one.name == name), None)


def containers(server: LocalModalServer, environment: str) -> set[str]:
    """What runs in the environment now."""
    every = server.status()["containers"]
    return {one["task_id"] for one in every if one["environment"] == environment}


def test_settings_are_applied_repaired_renamed_and_given_up(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("settled")
    project.source("moody.py", "mood.py")
    declare(project, web_suffix="first", restricted=True)
    project.up()
    made = found(server, "settled")
    assert (made.webhook_suffix, made.is_managed) == ("first", True)
    other_urls(project, server)
    repaired(project, server)
    assert found(server, "settled").environment_id == made.environment_id
    followed(project, server)
    assert found(server, "resettled").environment_id == made.environment_id
    given_up(project, server)


def other_urls(project: PulumiProject, server: LocalModalServer) -> None:
    """Another web suffix: other URLs, the same version, and no container that starts anew."""
    first = project.service("moody")
    declare(project, web_suffix="second", restricted=True)
    preview = project.preview()
    assert "the URLs of its apps change at once" in preview.text
    assert set(preview.step("moody").changes) == {"web_suffix"}
    running = containers(server, "settled")
    project.up()
    second = project.service("moody")
    assert second["url"] != first["url"]
    assert second["version"] == first["version"]
    assert httpx.get(second["url"], timeout=60).status_code == 200
    assert containers(server, "settled") == running


def repaired(project: PulumiProject, server: LocalModalServer) -> None:
    """Somebody renames it and takes its suffix: told, and set back; the app is the same."""
    before = project.service("moody")
    server.modal("environment", "update", "settled", "--set-name", "theirs")
    server.modal("environment", "update", "theirs", "--set-web-suffix", "third")
    refreshed = project.refresh()
    assert "the environment settled was renamed to theirs by somebody" in refreshed.text
    back = project.up()
    assert "was renamed to theirs by somebody: it is settled again" in back.text
    assert found(server, "settled").webhook_suffix == "second"
    project.preview("--refresh", "--expect-no-changes")
    assert project.service("moody") == before


def followed(project: PulumiProject, server: LocalModalServer) -> None:
    """Renamed by hand, and in the stack file: what lives there is taken over as it runs."""
    before = project.service("moody")
    running = containers(server, "settled")
    server.modal("environment", "update", "settled", "--set-name", "resettled")
    project.environment = "resettled"
    declare(project, web_suffix="second", restricted=True)
    project.up("--refresh")
    after = project.service("moody")
    assert (after["app_id"], after["version"]) == (before["app_id"], before["version"])
    assert (after["url"], after["environment"]) == (before["url"], "resettled")
    assert running <= {one["task_id"] for one in server.status()["containers"]}


def given_up(project: PulumiProject, server: LocalModalServer) -> None:
    """It holds what would be lost: a destroy is refused, until the stack file says otherwise."""
    name = project.environment
    server.modal("volume", "create", "--env", name, "models")
    refused = project.destroy(status=1)
    assert any("holds volume models" in said for said in refused.errors)
    project.declare(config={"inference:environment": {"name": name, "on_delete": "force"}})
    project.up()
    project.destroy()
    assert found(server, name) is None
