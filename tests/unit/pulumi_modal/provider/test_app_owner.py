"""An app that is there is taken over only by who has deployed it, or is told to."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.errors import NotReady, Refused, Unavailable
from pulumi_modal.gateway.port import AppRef, Deployment
from pulumi_modal.provider.app_effect import changes_of
from pulumi_modal.provider.app_owner import (
    BIRTH,
    OWNER,
    is_ours,
    marks_of,
    refusal,
    taken_over,
)
from pulumi_modal.provider.operation import PartialFailure
from tests.fakes.apps import APP, Stack, app_inputs
from tests.fakes.http import serving, text

OURS = "shop/prod"
MARKS = {"pulumi-project": "shop", "pulumi-stack": "prod", "pulumi-create": "b1"}


def a_stack(owner: str = OURS, **said: Any) -> Stack:
    """A stack of this project and name."""
    return Stack(app_inputs(owner=owner, **said))


def test_marks_are_tags_that_modal_takes() -> None:
    assert marks_of({OWNER: OURS, BIRTH: "b1"}) == MARKS
    assert marks_of({OWNER: OURS}) == {"pulumi-project": "shop", "pulumi-stack": "prod"}
    assert marks_of({}) == {}


def test_long_and_odd_names_are_cut_so_that_two_stay_two() -> None:
    first, second = [marks_of({OWNER: f"{'p' * 70}/a b{end}"}) for end in "xy"]
    for marks in (first, second):
        for value in marks.values():
            assert len(value) <= 63
            assert " " not in value
    assert first["pulumi-stack"] != second["pulumi-stack"]


@pytest.mark.parametrize(
    ("tags", "ours"),
    [
        pytest.param(MARKS, True, id="ours"),
        pytest.param({**MARKS, "team": "ml"}, True, id="with others"),
        pytest.param({**MARKS, "pulumi-create": "b2"}, True, id="of another create"),
        pytest.param({**MARKS, "pulumi-stack": "dev"}, False, id="another stack"),
        pytest.param({}, False, id="no marks"),
    ],
)
def test_whose_an_app_is(tags: dict[str, str], *, ours: bool) -> None:
    assert is_ours(tags, {OWNER: OURS}) is ours
    assert not is_ours(tags, {})


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        pytest.param(MARKS, "", id="nobody"),
        pytest.param({}, "", id="deployed by hand"),
        pytest.param({"pulumi-project": "shop", "pulumi-stack": "prod"}, "", id="older marks"),
        pytest.param({**MARKS, "pulumi-create": "b2"}, "another resource of this stack", id="own"),
        pytest.param(
            {**MARKS, "pulumi-stack": "dev"}, "stack dev of project shop", id="another stack"
        ),
    ],
)
def test_who_has_taken_an_app_over(tags: dict[str, str], owner: str) -> None:
    assert taken_over(tags, {OWNER: OURS, BIRTH: "b1"}) == owner
    assert taken_over(tags, {}) == ""


def test_a_deploy_marks_the_app_and_keeps_the_mark_of_its_create() -> None:
    stack = a_stack()
    outs = stack.create()
    assert stack.order.tags == marks_of(outs)
    stack.update({**outs, "digest": {}})
    assert stack.order.tags == marks_of(outs)


def test_a_create_that_was_cut_off_is_gone_on_with() -> None:
    stack = a_stack()
    lost = stack.create()
    again = stack.create()
    assert (again["app_id"], again["version"]) == (lost["app_id"], 1)
    assert again[BIRTH] != lost[BIRTH]


@pytest.mark.parametrize("theirs", ["shop/dev", ""], ids=["another stack", "by hand"])
def test_an_app_of_somebody_else_is_refused_untouched(theirs: str) -> None:
    stack = a_stack(theirs)
    stack.create()
    stack.inputs = a_stack().inputs
    stack.gateway.calls.clear()
    with pytest.raises(Refused, match="dev/llm is there already: version 1, deployed by local on"):
        stack.create()
    assert stack.gateway.verbs() == ["find", "tags"]


def test_a_refusal_is_one_line_that_says_who_and_what_to_do() -> None:
    said = refusal(AppRef("dev", "llm"), Deployment("ap-1", 3, "alice"), {})
    assert said == (
        "dev/llm is there already: version 3, deployed by alice, by no stack of Pulumi; take it"
        " over with `adopt: true`, import it (`pulumi import"
        " pulumi-python:dynamic/modal:App <name> dev/llm --generate-code=false`), or give this one"
        " another name"
    )


def test_adopting_takes_an_app_over_under_its_id() -> None:
    stack = a_stack("shop/dev")
    theirs = stack.create()
    stack.inputs = a_stack(adopt=True).inputs
    outs = stack.create()
    assert outs["app_id"] == theirs["app_id"]
    assert stack.noted[0].startswith("dev/llm is taken over: version 1, deployed by local on ")
    assert stack.noted[0].endswith(", of stack dev of project shop")
    stack.lifecycle.stop(theirs)  # by the stack that had it
    assert APP in stack.gateway.running
    assert stack.warned == ["dev/llm is now of stack prod of project shop: left as it is"]


def test_a_replaced_resource_does_not_stop_the_app_of_its_successor() -> None:
    stack = a_stack()
    replaced = stack.create()
    stack.create()  # the same name: the engine creates first, and deletes then
    stack.lifecycle.stop(replaced)
    assert APP in stack.gateway.running


def test_a_state_of_older_code_gets_its_mark_without_a_deploy() -> None:
    stack = Stack()
    olds = stack.create()
    stack.inputs = a_stack().inputs
    (change,) = changes_of(olds, stack.inputs)
    assert change.path == OWNER
    stack.gateway.calls.clear()
    outs = stack.update(olds)
    assert stack.gateway.verbs() == ["tags", "set_tags"]
    assert is_ours(stack.gateway.running[APP].tags, outs)
    assert outs["version"] == 1


def test_custom_timeouts_end_a_wait_before_the_probe_does_and_say_so() -> None:
    stack = a_stack(probe={"path": "/health", "deadline": 60, "interval": 0.05})
    stack.timeout_s = 0.2
    with serving(lambda one: text(one, 503, b"")) as url:
        stack.gateway.urls["serve"] = url
        with pytest.raises(PartialFailure) as caught:
            stack.create()
    assert isinstance(caught.value.__cause__, NotReady)
    assert "`custom_timeouts` of the resource leaves no more of the probe's 60 s" in str(
        caught.value
    )


def test_a_stop_that_takes_longer_than_custom_timeouts_says_so() -> None:
    stack = a_stack()
    outs = stack.create()
    stack.timeout_s = 5
    stack.gateway.fail("stop", Unavailable("stopping ap-1: no answer within 5 s"))
    with pytest.raises(Unavailable, match="`custom_timeouts` gives it 5 s"):
        stack.lifecycle.stop(outs)


def test_tags_that_cannot_be_read_keep_no_app_from_being_stopped() -> None:
    stack = a_stack()
    outs = stack.create()
    stack.gateway.fail("tags", Refused("reading the tags of ap-1: it is stopped"))
    stack.lifecycle.stop(outs)
    assert APP not in stack.gateway.running


def test_an_app_that_another_stack_has_adopted_is_not_deployed_over() -> None:
    stack = a_stack()
    olds = stack.create()
    stack.inputs = a_stack("shop/dev", adopt=True).inputs
    stack.create()
    stack.inputs = {**a_stack().inputs, "digest": {}}
    stack.gateway.calls.clear()
    with pytest.raises(Refused, match="dev/llm is now of stack dev of project shop, and is left"):
        stack.update(olds)
    assert stack.gateway.verbs() == ["find", "tags"]
    stack.inputs = {**stack.inputs, "adopt": True}
    outs = stack.update(olds)
    assert is_ours(stack.gateway.running[APP].tags, outs)


def test_a_stack_that_was_renamed_goes_on_with_its_app() -> None:
    stack = a_stack()
    olds = stack.create()
    stack.inputs = {**a_stack("shop/live").inputs, "digest": {}}
    outs = stack.update(olds)
    stack.inputs = {**stack.inputs, "digest": {"code": "n3w"}}
    assert stack.update(olds)["app_id"] == outs["app_id"]  # its first state was lost
