"""What fails says so in one line, loses nothing that exists, and heals with the next `up`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PulumiProject

pytestmark = pytest.mark.timeout(300)

MOODY = {"source": "services/moody.py", "probe": {"deadline": "15s", "interval": "500ms"}}


def _apps_in(server: LocalModalServer, environment: str) -> list[str]:
    """Ids of the apps that run."""
    listed = json.loads(server.modal("app", "list", "--env", environment, "--json").stdout)
    return [app["app_id"] for app in listed if app["state"] == "deployed"]


def test_an_app_that_is_not_ready_keeps_its_id_says_why_and_heals(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("not-ready")
    project.source("moody.py", "mood.py")
    project.edit("services/mood.py", "200", "503")
    project.declare(moody=MOODY)

    failed = project.up(status=1)
    (error,) = [said for said in failed.errors if "/health" in said]
    assert "was not answered with 200 within 15 s; last answer: 503 that is how it is" in error
    assert error.splitlines()[-1].strip() == "| the mood is 503"  # what the container printed

    kept = project.apps()["moody"]
    assert kept["id"] == "not-ready/moody"
    (app_id,) = _apps_in(server, "not-ready")
    assert kept["outputs"]["app_id"] == app_id
    project.refresh()
    planned = project.preview()  # though no input has changed, and the engine's own note is gone
    assert [step.op for step in planned.steps if step.kind == "App"] == ["update"]

    project.edit("services/mood.py", "503", "200")
    healed = project.up()
    assert [step.op for step in healed.steps if step.kind == "App"] == ["update"]
    assert project.service("moody")["app_id"] == app_id
    assert _apps_in(server, "not-ready") == [app_id]
    project.preview("--expect-no-changes")


def test_an_image_that_cannot_be_built_says_why_and_leaves_no_app(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("not-built")
    project.source("greeter.py", "words.py")
    project.edit("services/greeter.py", "fastapi==0.165.0", "fastapi==0.0.0.1")
    project.declare(greeter={"source": "services/greeter.py"})

    failed = project.up(status=1)
    (error,) = [said for said in failed.errors if "fastapi" in said]
    assert "\n" not in error
    assert error.startswith("deploying not-built/greeter: ")
    assert error.count("there is no version of fastapi==0.0.0.1") == 1
    assert project.apps() == {}
    assert _apps_in(server, "not-built") == []

    project.edit("services/greeter.py", "fastapi==0.0.0.1", "fastapi==0.165.0")
    project.up()
    assert len(_apps_in(server, "not-built")) == 1
