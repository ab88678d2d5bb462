"""A version that is not healthy gives way, and the next preview and refresh tell the truth."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fakes.pulumi_project import PulumiProject

pytestmark = pytest.mark.timeout(600)

MOODY = {
    "source": "services/moody.py",
    "probe": {"deadline": "10s", "interval": "200ms"},
    "on_failure": "rollback",
}


def test_a_change_that_was_rolled_back_is_the_next_preview_again_and_no_drift(
    project_in: Callable[[str], PulumiProject],
) -> None:
    project = project_in("released")
    project.source("moody.py", "mood.py")
    project.declare(moody=MOODY)
    project.up()

    project.edit("services/mood.py", "200", "503")
    failed = project.up(status=1)
    (error,) = [said for said in failed.errors if "/health" in said]
    assert "; rolled back to version 1, which serves as version 3 and is ready; its" in error

    again = project.preview()
    (step,) = [step for step in again.steps if step.kind == "App"]
    assert step.op == "update"
    assert "mood.py" in again.text
    refreshed = project.refresh()
    assert "drift" not in refreshed.text
    assert project.apps()["moody"]["outputs"]["version"] == 3

    project.declare(moody={**MOODY, "canary": True})
    withdrawn = project.up(status=1)
    assert "canary withdrawn, version 3 serves on: GET " in withdrawn.text
    project.edit("services/mood.py", "503", "200")
    project.up()
    project.preview("--expect-no-changes")
