"""Every example of docs/resources, run by real Pulumi: made, left alone, imported, destroyed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.fakes import examples
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PulumiProject

pytestmark = pytest.mark.timeout(600)
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


def import_all(project: PulumiProject) -> None:
    """Import everything that the stack holds into another stack, from ids alone."""
    ids = {
        one["urn"].rpartition("::")[2]: (one["type"], one["id"])
        for one in project.state()["resources"]
        if one["type"].startswith("pulumi-python:dynamic/modal:")
    }
    listed = [{"type": kind, "name": name, "id": id_} for name, (kind, id_) in ids.items()]
    (project.folder / "imports.json").write_text(json.dumps({"resources": listed}))
    project.pulumi("stack", "init", "imported")
    project.pulumi(
        *("import", "--file", "imports.json", "--yes", "--generate-code=false"),
        *("--stack", "imported", "--protect=false"),
    )


@pytest.mark.parametrize("host", ["ours", "stock"])
def test_every_example_is_made_left_alone_imported_and_destroyed(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer, host: str
) -> None:
    project = a_project(project_in, server)
    if host == "stock":
        described = (project.folder / "Pulumi.yaml").read_text("utf-8")
        (project.folder / "Pulumi.yaml").write_text(described.partition("plugins:")[0], "utf-8")
    made = project.up()
    assert {step.kind for step in made.steps if step.op == "create"} - {"Stack"} == KINDS
    outputs = project.outputs()
    assert outputs["partner_key"].startswith("wk-")
    assert CANARY not in made.text
    project.preview("--refresh", "--expect-no-changes")

    if host == "ours":  # Pulumi's own host cannot import
        import_all(project)

    project.destroy()
    assert "staging" not in server.modal("environment", "list", "--json").stdout
    app = json.loads(server.modal("app", "list", "--env", "dev", "--json").stdout)
    assert [one["description"] for one in app if one["state"] == "deployed"] == ["assistant"]
