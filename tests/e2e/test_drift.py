"""What happens behind Pulumi's back shows after a refresh, and the next `up` repairs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PulumiProject

pytestmark = pytest.mark.timeout(300)

ENVIRONMENT = "drifted"
RESCALE = """
import modal
function = modal.Function.from_name("plain", "double", environment_name="drifted")
function.update_autoscaler(max_containers=7, scaledown_window=40)
"""
CALL = """
import modal
print(modal.Function.from_name("plain", "double", environment_name="drifted").remote(21))
"""
DECLARED = {"source": "services/plain.py", "gpu": "T4", "max_containers": 2}


@pytest.fixture(scope="module")
def project(project_in: Callable[[str], PulumiProject]) -> PulumiProject:
    made = project_in(ENVIRONMENT)
    made.source("plain.py")
    made.declare(plain=DECLARED)
    made.up()
    return made


def drifted(project: PulumiProject) -> list[dict[str, Any]]:
    """What `pulumi-modal drift --json` tells."""
    said = project.drift("--json", status=1).text
    found, _ = json.JSONDecoder().raw_decode(said)
    return list(found["drift"])


def files_of(project: PulumiProject) -> dict[Path, bytes]:
    """The state, the stack files and what is selected."""
    folders = [project.folder / name for name in (".state", "stacks", ".pulumi-home")]
    files = [one for folder in folders for one in folder.rglob("*") if one.is_file()]
    return {one: one.read_bytes() for one in files if "logs" not in one.parts}


def _is_as_declared(project: PulumiProject, server: LocalModalServer) -> bool:
    """Nothing differs from the stack any more, and the app works."""
    assert project.drift().text == "dev: no drift in 2 resources\n"
    project.preview("--refresh", "--expect-no-changes")
    return server.python(CALL).stdout.strip() == "42"


def test_a_stopped_app_is_gone_after_a_refresh_and_made_again(
    project: PulumiProject, server: LocalModalServer
) -> None:
    server.modal("app", "stop", "--env", ENVIRONMENT, "plain", "--yes")
    told = drifted(project)
    assert [(one["resource"], one["gone"], one["by"]) for one in told] == [("plain", True, "local")]
    refreshed = project.refresh()
    assert "plain" not in project.apps()
    assert "- 1 deleted" in refreshed.text
    assert [step.op for step in project.up().steps if step.kind == "App"] == ["create"]
    assert _is_as_declared(project, server)


def test_an_app_that_was_redeployed_by_hand_shows_who_did_what_and_is_set_right(
    project: PulumiProject, server: LocalModalServer
) -> None:
    version = project.service("plain")["version"]
    server.modal("deploy", "--env", ENVIRONMENT, str(project.folder / "services" / "plain.py"))
    refreshed = project.refresh()

    preview = project.preview()
    assert set(preview.step("plain").changes) == {
        "drift",
        "functions.double.gpu",
        "functions.double.max_containers",
        "functions.double.max_in_flight",
    }
    assert f"it is {version + 1}, where this stack left {version}" in refreshed.text
    assert "deployed, not by this stack" in preview.text

    project.up()
    assert project.service("plain")["version"] == version + 2
    assert _is_as_declared(project, server)


def test_a_rollback_by_hand_is_told_as_one_and_is_set_right(
    project: PulumiProject, server: LocalModalServer
) -> None:
    project.declare(plain={**DECLARED, "gpu": "L4"})
    project.up()
    version = project.service("plain")["version"]
    server.modal("app", "rollback", "--env", ENVIRONMENT, "plain", f"v{version - 1}")

    before = files_of(project)
    told = {one["path"]: one for one in drifted(project)}
    assert files_of(project) == before
    rollback = told["version"]
    assert rollback["what"] == f"rolled back to version {version - 1}"
    assert (rollback["declared"], rollback["found"]) == (version, version + 1)
    assert set(told) == {"version", "functions.double.gpu"}

    refreshed = project.refresh()
    assert f"rolled back to version {version - 1} by local" in refreshed.text
    assert {one["path"]: one for one in drifted(project)} == told  # a refresh does not hide it
    project.declare(plain=DECLARED)
    project.up()
    assert _is_as_declared(project, server)


def test_bounds_that_were_changed_at_run_time_show_and_are_set_back(
    project: PulumiProject, server: LocalModalServer
) -> None:
    server.python(RESCALE)
    project.refresh()

    preview = project.preview()
    assert set(preview.step("plain").changes) == {
        "functions.double.max_containers",
        "functions.double.max_in_flight",
        "functions.double.scaledown_window",
    }
    assert re.search(r"~ max_containers +: 7 => 2", preview.text)

    project.up()
    assert _is_as_declared(project, server)
