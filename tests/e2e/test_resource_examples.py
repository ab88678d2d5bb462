"""Every example of docs/resources, run by real Pulumi: made, left alone, destroyed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.fakes import examples
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PulumiProject

pytestmark = pytest.mark.timeout(300)
CANARY = "c4n4ry-of-the-examples"
KINDS = {
    *("App", "Dict", "Environment", "FunctionAutoscaler", "ProxyToken", "Queue", "Secret", "Volume")
}


def a_project(make: Callable[[str], PulumiProject], server: LocalModalServer) -> PulumiProject:
    """A project with all examples in one program, and the app that is deployed elsewhere."""
    project = make("examples")
    (project.folder / "__main__.py").write_text(examples.program(), "utf-8")
    for path, text in examples.files().items():
        file = project.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    server.modal("environment", "create", "dev", check=False)
    server.deploy(project.folder / "elsewhere" / "assistant.py", environment="dev")
    project.pulumi("config", "set", "--secret", "acme:hf_token", CANARY, "--stack", "dev")
    return project


def test_every_example_is_made_left_alone_and_destroyed(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = a_project(project_in, server)
    made = project.up()
    assert {step.kind for step in made.steps if step.op == "create"} - {"Stack"} == KINDS
    outputs = project.outputs()
    assert outputs["partner_key"].startswith("wk-")
    assert CANARY not in made.text
    project.preview("--refresh", "--expect-no-changes")

    project.destroy()
    assert "staging" not in server.modal("environment", "list", "--json").stdout
    app = json.loads(server.modal("app", "list", "--env", "dev", "--json").stdout)
    assert [one["description"] for one in app if one["state"] == "deployed"] == ["assistant"]
