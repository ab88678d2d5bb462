"""Which changes of an App's inputs replace it; all others update it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import UNKNOWN

from pulumi_modal.provider.app_diff import diff
from pulumi_modal.provider.app_drift import DEPLOYED, DRIFT
from pulumi_modal.provider.app_effect import IDENTITY, UNREADY
from tests.fakes.apps import a_function, a_plan, app_inputs

INPUTS = app_inputs(
    a_plan(serve=a_function(web=True, gpu="T4"), Model=a_function("class")),
    strategy="rolling",
    tag="v1",
    probe={"path": "/health"},
)
OLDS = {**INPUTS, DEPLOYED: {"app_id": "ap-1", "version": 1}}


def with_function(name: str, **settings: Any) -> dict[str, Any]:
    """The inputs with these settings of a function."""
    functions = OLDS["functions"]
    return {"functions": {**functions, name: {**functions.get(name, {}), **settings}}}


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        pytest.param({}, [], id="no diff if nothing changes"),
        pytest.param({"environment": "prod"}, ["environment"], id="replace if environment changes"),
        pytest.param({"workspace": "acme"}, ["workspace"], id="replace if workspace changes"),
        pytest.param({"app_name": "llm2"}, ["app_name"], id="replace if the name changes"),
        pytest.param(
            {"environment": "prod", "app_name": "llm2"},
            ["environment", "app_name"],
            id="both are named",
        ),
        pytest.param({"source": "other.py"}, [], id="update if source changes"),
        pytest.param({"app": "other"}, [], id="update if the variable changes"),
        pytest.param({"strategy": "recreate"}, [], id="update if strategy changes"),
        pytest.param({"tag": None}, [], id="update if the tag goes"),
        pytest.param({"probe": {"path": "/"}}, [], id="update if the probe changes"),
        pytest.param({"digest": {"code": "new"}}, [], id="update if the code changes"),
        pytest.param({"sdk_version": "1.6.5"}, [], id="update if the SDK changes"),
        pytest.param(with_function("serve", gpu="H100:2"), [], id="update if a GPU changes"),
        pytest.param(with_function("new", gpu="T4"), [], id="update if a function comes"),
        pytest.param({"functions": {}}, [], id="update if all functions go"),
        pytest.param({"drift": {"version": "2"}}, [], id="update if it has drifted"),
    ],
)
def test_what_a_change_replaces(change: dict[str, Any], replaces: list[str]) -> None:
    result = diff(OLDS, {**OLDS, **change})
    assert result.replaces == replaces
    # Read only where something replaces it, as `replace_on_changes` of a program may.
    assert result.delete_before_replace is (None if replaces else True)


WORDS = [*IDENTITY, "source", "app", "strategy", "tag", "sdk_version", "other"]


@given(st.dictionaries(st.sampled_from(WORDS), st.text() | st.integers()))
def test_the_engine_itself_finds_what_has_changed(change: dict[str, Any]) -> None:
    news = {**OLDS, **change}
    result = diff(OLDS, news)
    assert result.changes is None
    changed = {one for one in IDENTITY if (OLDS[one] or None) != (news[one] or None)}
    assert set(result.replaces or ()) == changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, {"routing_region": "eu-west"}, id="it comes"),
        pytest.param({"routing_region": "eu-west"}, {"routing_region": "us-east"}, id="it changes"),
        pytest.param({"routing_region": "eu-west"}, {}, id="it goes"),
    ],
)
def test_a_routing_region_stops_the_old_app_first(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    olds = {**OLDS, "functions": {"serve": before, "other": {}}}
    result = diff(olds, {**OLDS, "functions": {"serve": after}})
    assert result.replaces == ["functions"]
    assert result.delete_before_replace is True


def test_a_routing_region_needs_no_order_where_the_app_is_another_one() -> None:
    news = {**OLDS, "app_name": "llm2", **with_function("serve", routing_region="eu-west")}
    result = diff(OLDS, news)
    assert result.replaces == ["app_name"]
    assert result.delete_before_replace is None


def test_a_function_that_comes_with_a_routing_region_is_only_deployed() -> None:
    assert diff(OLDS, {**OLDS, **with_function("new", routing_region="eu-west")}).replaces == []


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        pytest.param({"environment": UNKNOWN}, ["environment"], id="environment"),
        pytest.param({"functions": UNKNOWN}, [], id="functions"),
        pytest.param({"functions": {"serve": UNKNOWN}}, [], id="one function"),
        pytest.param(with_function("serve", routing_region=UNKNOWN), [], id="a setting"),
        pytest.param({"tag": UNKNOWN, "probe": {"path": UNKNOWN}}, [], id="what updates"),
    ],
)
def test_what_is_not_known_yet_breaks_no_preview(
    change: dict[str, Any], replaces: list[str]
) -> None:
    assert diff(OLDS, {**OLDS, **change}).replaces == replaces


def test_a_state_without_functions_can_be_compared() -> None:
    olds = {name: value for name, value in OLDS.items() if name != "functions"}
    assert diff(olds, OLDS).replaces == []


@pytest.mark.parametrize("olds", [{**OLDS, UNREADY: True}, INPUTS], ids=["unready", "cut off"])
def test_a_deploy_that_failed_is_a_change_though_every_input_is_the_same(
    olds: dict[str, Any],
) -> None:
    result = diff(olds, INPUTS)
    assert result.changes is True  # a refresh takes the engine's own note of it away
    assert result.replaces == []
    other = diff(olds, {**INPUTS, "tag": "v2"})
    assert other.changes is None
    assert diff({**olds, DRIFT: {"version": {}}}, INPUTS).changes is None
