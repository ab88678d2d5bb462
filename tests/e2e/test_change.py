"""What is changed is what a preview shows, what an `up` applies, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import ROOT, PulumiProject

pytestmark = pytest.mark.timeout(300)

ASK = """
import json, modal
function = modal.Function.from_name("plain", "double", environment_name="changed")
found = function.info(refresh=True)
print(json.dumps({"gpus": found.gpus, "memory_mib": found.memory_mib}))
"""


def a_stack(*, greeter: dict[str, Any], plain: dict[str, Any]) -> dict[str, Any]:
    """A class that is asked by a probe, and a function."""
    return {
        "greeter": {
            "source": "services/greeter.py",
            "probe": True,
            "functions": {"Greeter": greeter},
        },
        "plain": {"source": "services/plain.py", **plain},
    }


@pytest.fixture(scope="module")
def project(project_in: Callable[[str], PulumiProject]) -> PulumiProject:
    """Every test here leaves it as it is declared."""
    made = project_in("changed")
    made.source("greeter.py", "words.py", "plain.py")
    made.declare(**a_stack(greeter={"gpu": "L4", "max_containers": 2}, plain={"memory": "1Gi"}))
    made.up()
    return made


def test_a_change_of_gpu_and_limits_shows_exactly_that_and_is_applied(
    project: PulumiProject, server: LocalModalServer
) -> None:
    before = project.outputs()["services"]
    project.declare(
        **a_stack(greeter={"gpu": "H100:2", "max_containers": 3}, plain={"gpu": "l4:2"})
    )

    preview = project.preview()
    assert {step.name: step.op for step in preview.steps} == {
        "greeter": "update",
        "plain": "update",
    }
    assert preview.step("greeter").changes == {
        "functions.Greeter.gpu": "update",
        "functions.Greeter.max_containers": "update",
        "functions.Greeter.max_in_flight": "update",
    }
    assert preview.step("plain").changes == {
        "code.double.gpu": "add",
        "code.double.memory": "delete",
        "functions.double.gpu": "add",
        "functions.double.memory": "delete",
    }
    assert re.search(r'~ gpu +: "L4" => "H100:2"', preview.text)

    project.up()
    after = project.outputs()["services"]
    assert (after["greeter"]["gpu"], after["greeter"]["max_in_flight"]) == ("H100:2", 12)
    for name in ("greeter", "plain"):
        assert after[name]["version"] == before[name]["version"] + 1
        kept = ("app_id", "url")
        assert [after[name][key] for key in kept] == [before[name][key] for key in kept]
    assert json.loads(server.python(ASK).stdout) == {"gpus": [["L4", 2]], "memory_mib": None}


def test_json_for_bots_names_the_same_changes(project: PulumiProject) -> None:
    stack = project.folder / "stacks" / "Pulumi.dev.yaml"
    applied = stack.read_text("utf-8")
    project.declare(**a_stack(greeter={"gpu": "H100:8"}, plain={}))
    document = json.loads(project.pulumi("preview", "--json", "--stack", "dev").text)
    stack.write_text(applied, "utf-8")
    changed = {
        step["urn"].rpartition("::")[2]: step.get("detailedDiff")
        for step in document["steps"]
        if step["op"] != "same"
    }
    assert changed["greeter"]["functions.Greeter.gpu"]["kind"] == "update"


def test_a_change_of_a_helper_file_names_the_file_and_is_served(project: PulumiProject) -> None:
    (project.folder / "services" / "words.py").write_text("GREETING = 'good evening'\n")

    preview = project.preview()
    assert [step.name for step in preview.steps] == ["greeter"]
    assert preview.step("greeter").changes == {'digest.files["/root/words.py"]': "update"}

    project.up()
    url = project.service("greeter")["url"]
    assert httpx.get(f"{url}/health", timeout=60).json()["greeting"] == "good evening"
    project.preview("--expect-no-changes")


def test_a_comment_in_the_stack_file_changes_nothing(project: PulumiProject) -> None:
    stack = project.folder / "stacks" / "Pulumi.dev.yaml"
    stack.write_text(f"# what this stack is for\n{stack.read_text('utf-8')}", "utf-8")
    project.preview("--expect-no-changes")


def test_an_edit_of_the_provider_changes_nothing(project: PulumiProject, tmp_path: Path) -> None:
    edited = tmp_path / "pulumi_modal"
    shutil.copytree(ROOT / "pulumi_modal", edited, ignore=shutil.ignore_patterns("__pycache__"))
    for path in edited.rglob("*.py"):
        text = path.read_text("utf-8")
        path.write_text(f"{text}\n\n# a remark\n\n\ndef _added() -> None:\n    pass\n", "utf-8")
    project.variables["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{ROOT}"
    try:
        project.preview("--expect-no-changes")
    finally:
        del project.variables["PYTHONPATH"]
