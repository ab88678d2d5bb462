"""What is deployed is what was previewed: the inputs of an App say all that its deploy needs.

A deploy has nothing but the inputs. So planning a file again with the overrides that are read from
them must give the plan that they were made of, whatever the stack had set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_modal.planning.plan import plan_all, plan_one
from pulumi_modal.provider.app_inputs import completed, deploy_request
from pulumi_modal.provider.props import plain
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import Plan
from tests.fakes.planning import SOURCES, a_file, a_request
from tests.integration import test_planning_overrides as planning

CASES: Sequence[Any] = [
    pytest.param(*case.values[:3], id=case.id)
    for mark in vars(planning.test_settings_reach_what_is_sent)["pytestmark"]
    for case in mark.args[1]
]
"""Source, function and settings of every case of planning."""
MORE: Mapping[str, tuple[str, Mapping[str, Mapping[str, Any]]]] = {
    "as the code says": ("functions.py", {"generate": {"gpu": "T4", "timeout": 100, "cpu": 2}}),
    "switched off": ("functions.py", {"nightly": {"retries": 0, "nonpreemptible": False}}),
    "cloud": ("functions.py", {"generate": {"cloud": "gcp"}, "plain": {"cloud": "auto"}}),
    "zero containers": ("classes.py", {"Model": {"min_containers": 0, "buffer_containers": 0}}),
    "several functions": ("classes.py", {"Model": {"gpu": "B200"}, "Batcher": {"wait_ms": 5}}),
    "the same secret": ("needs.py", {"fetch": {"secrets": {"hf-dev": "hf-dev"}}}),
    "the same volume": ("needs.py", {"fetch": {"volumes": {"/models": "models"}}}),
    "variables and a secret": (
        "needs.py",
        {"fetch": {"env": {"MODE": "fast"}, "secrets": {"hf-dev": "hf-prod"}, "memory": 512}},
    ),
    "proxy auth off": ("web.py", {"api": {"web": {"requires_proxy_auth": False}}}),
    "a server's auth": ("server.py", {"Llm": {"web": {"requires_proxy_auth": True}}}),
    "made in a loop": ("looped.py", {"infer-t4": {"gpu": "L4"}}),
    "included": ("included.py", {"inner": {"gpu": "B200:8"}}),
}
NOTHING_SET = (
    *("batched.py", "built.py", "classes.py", "functions.py", "heavy_imports.py", "included.py"),
    *("looped.py", "needs.py", "nested.py", "package/main.py", "server.py", "web.py"),
)


def inputs_of(plan: Plan) -> dict[str, Any]:
    """The inputs, as they come back from the engine: every number a float."""
    said = {"source": plan.source, "app_name": "infer", "environment": "dev", "workspace": "local"}
    return plain(json.loads(json.dumps(completed(said, plan)), parse_int=float))


def sent(plan: Plan) -> dict[str, Any]:
    """What a deploy sends, without what the code would have said."""
    return plan.model_dump(exclude={"functions": {"__all__": {"code"}}, "warnings": True})


def again(plan: Plan) -> PlanRequest:
    """What a deploy of the planned app would load."""
    return deploy_request(inputs_of(plan), SOURCES)


def assert_deployed_as_planned(request: PlanRequest) -> None:
    planned = plan_one(request)
    assert sent(plan_one(again(planned))) == sent(planned)


@pytest.mark.parametrize(("source", "name", "wanted"), CASES)
def test_settings_are_deployed_as_they_were_planned(
    source: str, name: str, wanted: Mapping[str, Any]
) -> None:
    assert_deployed_as_planned(a_request(source, overrides={name: wanted}))


@pytest.mark.parametrize(("source", "overrides"), MORE.values(), ids=MORE)
def test_more_settings_are_deployed_as_they_were_planned(
    source: str, overrides: Mapping[str, Mapping[str, Any]]
) -> None:
    assert_deployed_as_planned(a_request(source, overrides=overrides))


def test_settings_of_the_only_function_are_deployed_as_they_were_planned() -> None:
    assert_deployed_as_planned(a_request("batched.py", settings={"gpu": "H100", "wait_ms": 3}))


def test_what_the_stack_switches_off_stays_off(tmp_path: Path) -> None:
    text = "import modal\napp = modal.App('x')\n@app.function(nonpreemptible=True)\ndef f(): pass"
    request = replace(a_file(tmp_path, text), overrides={"f": {"nonpreemptible": False}})
    planned = plan_one(request)
    assert planned.functions["f"].code == {"nonpreemptible": True}
    deployed = plan_one(deploy_request(inputs_of(planned), tmp_path))
    assert sent(deployed) == sent(planned)
    assert "nonpreemptible" not in deployed.functions["f"].effective


def test_what_nobody_sets_is_deployed_as_the_code_says() -> None:
    planned = plan_all([a_request(source) for source in NOTHING_SET])
    assert all(isinstance(plan, Plan) for plan in planned)
    deployed = plan_all([again(plan) for plan in planned if isinstance(plan, Plan)])
    assert [plan for plan in deployed if not isinstance(plan, Plan)] == []
    for before, after in zip(planned, deployed, strict=True):
        assert isinstance(before, Plan)
        assert isinstance(after, Plan)
        assert sent(after) == sent(before)


COUNT = st.integers(1, 50)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "gpu": st.sampled_from(["T4", "H100:8", ["B200", "H100:2"]]),
        "cpu": st.one_of(
            st.sampled_from([0.125, 0.57, 1, 3.999]), st.just([0.5, 8]), st.integers(1, 64)
        ),
        "memory": st.one_of(st.integers(128, 10**6), st.just([512, 4096])),
        "timeout": st.integers(1, 86400),
        "startup_timeout": st.integers(1, 86400),
        "min_containers": st.integers(0, 3),
        "max_containers": st.integers(3, 50),
        "scaledown_window": st.integers(2, 3600),
        "max_inputs": st.integers(6, 50),
        "target_inputs": st.integers(1, 6),
        "retries": st.one_of(
            st.integers(0, 10), st.just({"max_retries": 3, "initial_delay": 0.25, "max_delay": 9})
        ),
        "region": st.sampled_from(["eu", ["us", "eu"]]),
        "env": st.dictionaries(
            st.sampled_from(["A", "B"]),
            st.sampled_from(["", "a b", "$HOME", "'q'", "1"]),
            min_size=1,
        ),
    },
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SETTINGS)
def test_any_settings_are_deployed_as_they_were_planned(wanted: dict[str, Any]) -> None:
    assert_deployed_as_planned(a_request("classes.py", overrides={"Model": wanted}))
