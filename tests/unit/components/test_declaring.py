"""What a stack declares: an app for each service or variant, below its component; and exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.planning import Planned
from components.stack import declare
from pulumi_modal.spec.plan import NeededSecret, Plan, PlannedFunction, SourceDigest
from pulumi_modal.spec.stack import parse_stack
from tests.fakes.pulumi_mocks import Declared, declared_by
from tests.fakes.stacks import SOURCE, a_project, a_service, a_stack

COMPUTED = {"url": "https://x", "app_id": "ap-1", "version": 3}


def a_plan(**settings: Any) -> Plan:
    function = PlannedFunction(kind="class", effective=settings, web=True)
    return Plan(
        source=SOURCE,
        app_in_code="model",
        functions={"Model": function},
        digest=SourceDigest(files={"/root/model.py": "0" * 16}, image="im"),
    )


def declared(root: Path, plans: dict[str, Plan], **services: Any) -> Declared:
    stack = parse_stack(a_stack(**services), root).stack
    assert stack is not None
    return declared_by(lambda: declare(stack, Planned(plans)), **COMPUTED)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_project(tmp_path)


def test_a_service_is_a_component_with_its_app_in_the_stacks_environment(root: Path) -> None:
    found = declared(root, {"embed": a_plan()}, embed=a_service())
    assert sorted((name, one.typ) for name, one in found.resources.items()) == [
        ("embed", "pulumi-python:dynamic/modal:App"),
        ("environment", "pulumi-python:dynamic/modal:Environment"),
    ]
    inputs = found.resources["embed"].inputs
    assert (inputs["source"], inputs["environment"], inputs["workspace"]) == (
        SOURCE,
        "dev",
        "local",
    )


def test_settings_of_the_only_function_reach_it_by_its_name(root: Path) -> None:
    service = a_service(gpu="h100:2", functions={"Model": {"memory": "1Gi"}})
    plan = a_plan(gpu="H100:2", memory=1024)
    inputs = declared(root, {"embed": plan}, embed=service).resources["embed"].inputs
    assert inputs["functions"]["Model"]["gpu"] == "H100:2"
    assert inputs["functions"]["Model"]["memory"] == 1024


def test_another_key_for_a_service_changes_nothing_where_its_name_stays(root: Path) -> None:
    """So its app keeps its URN, and is never touched."""
    plans = {"embed": a_plan()}
    before = declared(root, plans, embed=a_service()).resources
    after = declared(root, plans, vectors=a_service(name="embed")).resources
    assert {name: (one.typ, one.inputs) for name, one in after.items()} == {
        name: (one.typ, one.inputs) for name, one in before.items()
    }


def test_adopting_is_said_in_the_stack(root: Path) -> None:
    found = declared(root, {"embed": a_plan()}, embed=a_service(adopt=True))
    assert found.resources["embed"].inputs["adopt"] is True


def test_a_service_exports_what_others_build_on(root: Path) -> None:
    plan = a_plan(gpu="H100", max_containers=2, max_inputs=8)
    answer = declared(root, {"embed": plan}, embed=a_service()).answer["embed"]
    functions = answer.pop("functions")
    assert answer == {
        **COMPUTED,
        "environment": "dev",
        "gpu": "H100",
        "max_in_flight": 16,
    }
    assert functions["Model"]["max_inputs"] == 8


def test_variants_are_apps_with_limits_and_outputs_of_their_own(root: Path) -> None:
    plans = {
        "infer-t4": a_plan(gpu="T4", max_containers=1, max_inputs=2),
        "infer-a100": a_plan(gpu="A100-80GB", max_containers=1, max_inputs=6),
        "infer-h100": a_plan(gpu="H100!", max_containers=2, max_inputs=8),
    }
    service = a_service(variants={"t4": {}, "a100": {}, "h100": {}})
    found = declared(root, plans, infer=service)
    assert {name: one["gpu"] for name, one in found.answer.items()} == {
        "infer-t4": "T4",
        "infer-a100": "A100-80GB",
        "infer-h100": "H100!",
    }
    assert [one["max_in_flight"] for one in found.answer.values()] == [2, 6, 16]
    assert {name for name, typ in found.types().items() if typ.endswith(":App")} == set(plans)


def test_a_service_of_another_name_is_exported_under_its_own(root: Path) -> None:
    found = declared(root, {"embed-eu": a_plan()}, embed=a_service(name="embed-eu"))
    assert list(found.answer) == ["embed"]
    assert found.resources["embed-eu"].inputs["app_name"] == "embed-eu"


def test_what_a_stack_keeps_is_declared_before_its_services(root: Path) -> None:
    kept = {
        "secrets": {"hf": {"TOKEN": "sword fish"}},
        "volumes": {"models": {"version": 2, "on_delete": "retain", "protect": True}},
        "dicts": {"jobs": {}},
        "queues": {"work": {}},
    }
    stack = parse_stack({**a_stack(embed=a_service()), **kept}, root).stack
    assert stack is not None
    plans = {"embed": a_plan()}
    found = declared_by(lambda: declare(stack, Planned(plans)), **COMPUTED)
    kinds = {name: typ.rpartition(":")[2] for name, typ in found.types().items()}
    assert kinds == {
        "environment": "Environment",
        "hf": "Secret",
        "models": "Volume",
        "jobs": "Dict",
        "work": "Queue",
        "embed": "App",
    }
    volume = found.resources["models"].inputs
    assert (volume["version"], volume["on_delete"], volume["environment"]) == (2, "retain", "dev")


def test_a_change_of_a_secret_of_the_stack_rolls_over_the_apps_that_name_it(root: Path) -> None:
    kept = {"secrets": {"hf": {"TOKEN": "x"}, "idle": {"KEY": "y"}}}
    stack = parse_stack({**a_stack(embed=a_service(), free=a_service()), **kept}, root).stack
    assert stack is not None
    named = a_plan().model_copy(
        update={"secrets": (NeededSecret(name="hf"), NeededSecret(name="foreign"))}
    )
    plans = {"embed": named, "free": a_plan()}
    found = declared_by(lambda: declare(stack, Planned(plans)), **COMPUTED, digest="5c1e")
    assert found.resources["embed"].inputs["triggers"] == {"secret hf": "5c1e"}
    assert not found.resources["free"].inputs.get("triggers")
