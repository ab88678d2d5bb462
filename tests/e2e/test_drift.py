"""What happens behind Pulumi's back shows after a refresh, and the next `up` repairs it."""

from __future__ import annotations

import re
from collections.abc import Callable

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


@pytest.fixture(scope="module")
def project(project_in: Callable[[str], PulumiProject]) -> PulumiProject:
    made = project_in(ENVIRONMENT)
    made.source("plain.py")
    made.declare(plain={"source": "services/plain.py", "gpu": "T4", "max_containers": 2})
    made.up()
    return made


def _is_as_declared(project: PulumiProject, server: LocalModalServer) -> bool:
    """Nothing differs from the stack any more, and the app works."""
    project.preview("--refresh", "--expect-no-changes")
    return server.python(CALL).stdout.strip() == "42"


def test_a_stopped_app_is_gone_after_a_refresh_and_made_again(
    project: PulumiProject, server: LocalModalServer
) -> None:
    server.modal("app", "stop", "--env", ENVIRONMENT, "plain", "--yes")
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
