"""Bounds of a deployed app, and how it is looked at and stopped, whatever happened before."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.errors import (
    GatewayError,
    ModalStackError,
    Refused,
    Unavailable,
)
from pulumi_modal.provider.app_bounds import wrong_bounds
from pulumi_modal.provider.app_drift import DEPLOYED
from pulumi_modal.provider.app_outputs import main_url
from pulumi_modal.provider.operation import PartialFailure
from tests.fakes.apps import APP, Stack, a_function, a_plan, stack_of


@pytest.mark.parametrize(
    ("declared", "set_at_run_time", "mended"),
    [
        pytest.param({"max_containers": 3}, {"max_containers": 9}, {"max_containers": 3}, id="cap"),
        pytest.param(
            {"max_containers": 3}, {"max_containers": 0}, {"max_containers": 3}, id="free"
        ),
        pytest.param({}, {"min_containers": 2}, {"min_containers": 0}, id="undeclared"),
        pytest.param({}, {"scaledown_window": 300}, {"scaledown_window": 60}, id="window"),
        pytest.param(
            {"min_containers": 1},
            {"min_containers": 2, "buffer_containers": 3, "max_containers": 4},
            {"min_containers": 1, "buffer_containers": 0, "max_containers": 0},
            id="several",
        ),
        pytest.param({"max_containers": 3}, {"max_containers": 3}, {}, id="as declared"),
    ],
)
def test_bounds_that_a_deploy_leaves_in_force_are_set_back(
    declared: dict[str, Any], set_at_run_time: dict[str, Any], mended: dict[str, Any]
) -> None:
    stack = stack_of(a_plan(serve=a_function(**declared)))
    stack.gateway.keeps_bounds = True
    olds = stack.create()
    stack.gateway.set_bounds("ap-1/serve", set_at_run_time)
    stack.gateway.calls.clear()
    outs = stack.update({**olds, "digest": {}})
    calls = [about for verb, about in stack.gateway.calls if verb == "set_bounds"]
    assert calls == ([("ap-1/serve", mended)] if mended else [])
    seen = outs[DEPLOYED]["functions"]["serve"]
    assert {name: seen.get(name) for name in declared} == declared


def test_bounds_that_cannot_be_set_back_are_a_partial_failure() -> None:
    stack = stack_of(a_plan(serve=a_function(max_containers=3)))
    stack.gateway.keeps_bounds = True
    olds = stack.create()
    stack.gateway.set_bounds("ap-1/serve", {"max_containers": 9})
    stack.gateway.fail("set_bounds", Unavailable("scaling ap-1/serve: no answer"))
    with pytest.raises(PartialFailure) as caught:
        stack.update({**olds, "digest": {}})
    assert caught.value.outs["app_id"] == "ap-1"


@pytest.mark.parametrize(
    ("wanted", "now", "before", "wrong"),
    [
        pytest.param({}, {}, {}, {}, id="nothing is said"),
        pytest.param({"min_containers": 0}, {}, {}, {}, id="rest is declared"),
        pytest.param({"min_containers": 2}, {}, {}, {"min_containers": 2}, id="not in force"),
        pytest.param({}, {"min_containers": 2}, {"min_containers": 2}, {}, id="as before"),
        pytest.param({}, {}, {"buffer_containers": 2}, {"buffer_containers": 2}, id="it went"),
        pytest.param({}, {"scaledown_window": 300}, None, {}, id="Modal's own default"),
        pytest.param(
            {"max_containers": 2}, {"max_containers": 5}, None, {"max_containers": 2}, id="first"
        ),
        pytest.param({}, {"gpu": "T4", "timeout": 5}, {}, {}, id="no bounds at all"),
    ],
)
def test_which_bounds_are_wrong(
    wanted: dict[str, Any],
    now: dict[str, Any],
    before: dict[str, Any] | None,
    wrong: dict[str, Any],
) -> None:
    assert wrong_bounds(wanted, now, before) == wrong


def test_an_app_is_looked_at_with_all_functions() -> None:
    stack = stack_of(a_plan(serve=a_function(), Model=a_function("class")))
    assert stack.lifecycle.look(stack.inputs) is None
    stack.create()
    stack.gateway.lost.add((APP, "serve"))
    found = stack.lifecycle.look(stack.inputs)
    assert found is not None
    deployment, functions = found
    assert deployment.version == 1
    assert functions["serve"] is None
    assert functions["Model"] is not None


@pytest.mark.parametrize("verb", ["find", "function"])
def test_a_look_at_a_modal_that_does_not_answer_fails(verb: str) -> None:
    stack = Stack()
    stack.create()
    stack.gateway.fail(verb, Unavailable("no answer"))
    with pytest.raises(Unavailable):
        stack.lifecycle.look(stack.inputs)


def test_a_stop_ends_the_app_that_this_stack_deployed() -> None:
    stack = Stack()
    outs = stack.create()
    stack.gateway.redeploy(APP, anew=True)
    theirs = stack.gateway.running[APP].app_id
    stack.lifecycle.stop(outs)
    assert stack.gateway.running[APP].app_id == theirs
    assert stack.told[-1] == "was stopped already"


def test_a_stop_repeats_safely() -> None:
    stack = Stack()
    outs = stack.create()
    stack.lifecycle.stop(outs)
    stack.lifecycle.stop(outs)
    assert stack.gateway.running == {}


def test_an_app_whose_id_was_never_told_is_stopped_by_its_name() -> None:
    stack = Stack()
    stack.create()
    stack.lifecycle.stop(stack.inputs)
    assert stack.gateway.running == {}
    stack.lifecycle.stop(stack.inputs)


@pytest.mark.parametrize("error", [Unavailable("no answer"), Refused("not allowed")])
def test_an_app_that_could_not_be_stopped_is_not_forgotten(error: GatewayError) -> None:
    stack = Stack()
    outs = stack.create()
    stack.gateway.fail("stop", error)
    with pytest.raises(ModalStackError):
        stack.lifecycle.stop(outs)


@pytest.mark.parametrize(
    ("urls", "function", "expected"),
    [
        pytest.param({}, None, "", id="none"),
        pytest.param({"a": "u1", "b": "u2"}, None, "u1", id="the first"),
        pytest.param({"a": "u1", "b": "u2"}, "b", "u2", id="the one of the probe"),
        pytest.param({"A.ask": "u1", "B.ask": "u2"}, "B", "u2", id="of a class"),
        pytest.param({"a": "u1"}, "gone", "", id="the one of the probe is gone"),
    ],
)
def test_the_url_of_an_app(urls: dict[str, str], function: str | None, expected: str) -> None:
    assert main_url(urls, function) == expected


def test_an_app_that_a_refresh_has_found_under_the_name_is_not_stopped() -> None:
    stack = Stack()
    outs = stack.create()
    stack.gateway.redeploy(APP, anew=True)
    theirs = stack.gateway.running[APP].app_id
    stack.lifecycle.stop({**outs, "app_id": theirs})
    assert stack.gateway.running[APP].app_id == theirs
    (warning,) = stack.warned
    assert warning == f"dev/llm is now {theirs}, which this stack did not deploy: left as it is"
