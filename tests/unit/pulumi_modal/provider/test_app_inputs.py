"""The inputs of an App are complete, and say enough to deploy from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.provider.app_inputs import (
    MOST_FILES,
    PLANNED,
    completed,
    deploy_request,
    inputs_of,
    is_complete,
    overrides_of,
)
from pulumi_modal.spec.plan import NeededSecret, NeededVolume, PlannedFunction, SourceDigest
from tests.fakes.apps import SAID, a_function, a_plan, app_inputs


def test_a_plan_completes_what_was_said() -> None:
    generate = PlannedFunction(
        kind="class", effective={"gpu": "H100", "timeout": 300}, code={"gpu": "T4"}
    )
    assert completed({**SAID, "tag": "v1"}, a_plan(Model=generate)) == {
        **SAID,
        "tag": "v1",
        "functions": {"Model": {"kind": "class", "gpu": "H100", "timeout": 300}},
        "code": {"Model": {"gpu": "T4"}},
        "digest": {"files": {"/root/llm.py": "f11e"}, "image": "1ma9e", "code": "c0de"},
        "needs": {},
        "sdk_version": "1.6.4",
    }


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_what_says_nothing_is_no_input(nothing: Any) -> None:
    said = {**SAID, "app": nothing, "probe": nothing, "tag": nothing}
    assert completed(said, a_plan()) == completed(SAID, a_plan())


def test_other_words_do_not_become_inputs() -> None:
    assert completed({**SAID, "url": "http://x", "overrides": {}}, a_plan()) == app_inputs()


def test_inputs_are_complete_only_with_all_of_a_plan() -> None:
    inputs = app_inputs()
    assert is_complete(inputs)
    assert not is_complete(SAID)
    for name in PLANNED:
        assert not is_complete({key: value for key, value in inputs.items() if key != name})


def test_the_inputs_come_back_from_the_outputs() -> None:
    inputs = app_inputs(tag="v1")
    outs = {**inputs, "url": "http://x", "app_id": "ap-1", "version": 3, "__deployed": {}}
    assert inputs_of(outs) == inputs


def test_many_files_are_one_digest() -> None:
    def digest(count: int, content: str = "same") -> dict[str, str]:
        files = {f"/root/{number}.py": content for number in range(count)}
        plan = a_plan().model_copy(update={"digest": SourceDigest(files=files, image="")})
        return dict(completed(SAID, plan)["digest"]["files"])

    assert len(digest(MOST_FILES)) == MOST_FILES
    assert list(digest(MOST_FILES + 1)) == [f"({MOST_FILES + 1} files)"]
    assert digest(MOST_FILES + 1) == digest(MOST_FILES + 1)
    assert digest(MOST_FILES + 1) != digest(MOST_FILES + 1, "other")


def test_a_volume_that_the_code_makes_is_not_needed() -> None:
    plan = a_plan(
        secrets=(NeededSecret(name="hf", required_keys=("A",)), NeededSecret(name="b")),
        volumes=(
            NeededVolume(name="models", environment="shared"),
            NeededVolume(name="scratch", created_if_missing=True),
        ),
    )
    assert completed(SAID, plan)["needs"] == {
        "secrets": [
            {"name": "hf", "environment": "", "keys": ["A"]},
            {"name": "b", "environment": "", "keys": []},
        ],
        "volumes": [{"name": "models", "environment": "shared"}],
    }


@pytest.mark.parametrize(
    ("effective", "code", "overrides"),
    [
        pytest.param({"gpu": "H100"}, {"gpu": "T4"}, {"gpu": "H100"}, id="over the code"),
        pytest.param({"gpu": "H100"}, {"gpu": "(not set)"}, {"gpu": "H100"}, id="beside the code"),
        pytest.param({"gpu": "T4", "timeout": 3}, {"gpu": "T4"}, {"gpu": "T4"}, id="as the code"),
        pytest.param({"gpu": "T4"}, {}, {}, id="the code's alone"),
        pytest.param({}, {"retries": 3}, {"retries": 0}, id="retries off"),
        pytest.param({}, {"nonpreemptible": True}, {"nonpreemptible": False}, id="flag off"),
        pytest.param(
            {"secrets": ["hf-prod", "b"]},
            {"secrets": ["hf-dev", "b"]},
            {"secrets": {"hf-dev": "hf-prod"}},
            id="a secret renamed",
        ),
        pytest.param({"max_containers": 0}, {"max_containers": 3}, {"max_containers": 0}, id="0"),
    ],
)
def test_what_the_stack_sets_is_read_from_both_values(
    effective: dict[str, Any], code: dict[str, Any], overrides: dict[str, Any]
) -> None:
    assert overrides_of({"f": effective}, {"f": code}) == {"f": overrides}


def test_a_function_that_is_gone_is_not_overridden() -> None:
    assert overrides_of({"f": {}}, {"f": {}, "gone": {"gpu": "T4"}}) == {"f": {}}


def test_a_deploy_asks_for_what_was_planned() -> None:
    function = a_function(gpu="H100").model_copy(update={"code": {"gpu": "T4"}})
    request = deploy_request(app_inputs(a_plan(f=function), app="main"), Path("/project"))
    assert (request.source, request.root) == ("llm.py", Path("/project"))
    assert (request.app_name, request.environment, request.app) == ("llm", "dev", "main")
    assert request.overrides == {"f": {"gpu": "H100"}}
    assert request.settings == {}
