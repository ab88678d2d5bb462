"""A stack is created: its service answers, and a second `up` finds nothing to do."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.fakes.pulumi_project import PulumiProject
from tests.fakes.pulumi_run import Run

pytestmark = pytest.mark.timeout(300)

ENVIRONMENT = "created"
GREETER = {
    "source": "services/greeter.py",
    "pattern": "stateful",
    "probe": {"path": "/health", "deadline": "2m"},
    "functions": {"Greeter": {"gpu": "l4", "max_containers": 2, "memory": "1Gi"}},
}


@pytest.fixture(scope="module")
def project(project_in: Callable[[str], PulumiProject]) -> PulumiProject:
    made = project_in(ENVIRONMENT)
    made.source("greeter.py", "words.py")
    made.declare(greeter=GREETER)
    return made


@pytest.fixture(scope="module")
def first_up(project: PulumiProject) -> Run:
    return project.up()


@pytest.mark.usefixtures("first_up")
def test_the_outputs_say_all_that_a_stack_promises(project: PulumiProject) -> None:
    service = project.service("greeter")
    assert service.pop("app_id").startswith("ap-")
    assert service.pop("url").startswith("http://127.0.0.1:")
    functions = service.pop("functions")
    assert service == {
        "version": 1,
        "environment": ENVIRONMENT,
        "gpu": "L4",
        "max_in_flight": 8,
    }
    assert functions["Greeter"]["max_inputs"] == 4


@pytest.mark.usefixtures("first_up")
def test_the_url_answers_from_the_deployed_code(project: PulumiProject) -> None:
    answer = httpx.get(f"{project.service('greeter')['url']}/health", timeout=60)
    assert answer.json() == {"status": "ok", "greeting": "hello"}


@pytest.mark.usefixtures("first_up")
def test_a_second_up_finds_nothing_to_do(project: PulumiProject) -> None:
    before = project.service("greeter")
    project.preview("--expect-no-changes")
    second = project.up()
    assert second.steps == []
    assert "4 unchanged" in second.text
    assert project.service("greeter") == before


@pytest.mark.usefixtures("first_up")
def test_the_state_tells_code_stack_and_effective_values_apart(project: PulumiProject) -> None:
    inputs = project.apps()["greeter"]["inputs"]
    effective = inputs["functions"]["Greeter"]
    said_in_code = inputs["code"]["Greeter"]
    assert said_in_code == {"gpu": "T4", "max_containers": 4, "memory": "(not set)"}
    set_by_stack = {key: effective[key] for key in said_in_code}
    assert set_by_stack == {"gpu": "L4", "max_containers": 2, "memory": 1024}
    assert effective["max_inputs"] == 4  # of the code alone


def test_an_up_says_what_it_is_doing_and_warns_of_nothing(first_up: Run) -> None:
    assert first_up.warnings == []
    assert "deploying" in first_up.text  # and what a first image build prints
    assert "+ 4 created" in first_up.text
    assert "__provider" not in first_up.text


def test_pulumi_looks_for_no_plugin_of_this_package_to_download(project: PulumiProject) -> None:
    """It would for every package called pulumi-..., on the internet, at each command."""
    said = project.pulumi("preview", "--stack", "dev", "--logtostderr", "--logflow", "-v=9").text
    assert "pulumi-resource-pulumi-python" in said  # it does tell of plugins
    assert "pulumi-resource-modal" not in said
