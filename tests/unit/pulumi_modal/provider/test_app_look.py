"""What a refresh asks of Modal, and what it says of what happened meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.dynamic import ReadResult

from pulumi_modal.gateway.port import SecretNeed
from pulumi_modal.provider.app_drift import DRIFT, deployed_inputs
from pulumi_modal.provider.app_healthy import HEALTHY
from pulumi_modal.provider.app_look import read_app
from pulumi_modal.provider.happened import Gone
from pulumi_modal.provider.props import secret
from pulumi_modal.spec.plan import NeededSecret
from tests.fakes.apps import APP, Stack, a_function, a_plan, stack_of

PLAN = a_plan(secrets=(NeededSecret(name="hf"),), serve=a_function(gpu="T4"))


def a_stack() -> Stack:
    """A stack whose app needs a secret, which is there."""
    stack = stack_of(PLAN)
    stack.gateway.secrets["dev", "hf"] = frozenset()
    return stack


def refreshed(stack: Stack, outs: dict[str, Any]) -> ReadResult:
    """What a refresh finds."""
    stack.gateway.calls.clear()
    return read_app(stack.lifecycle, "dev/llm", deployed_inputs(outs), outs)


def test_nothing_is_said_of_what_nobody_touched_and_no_history_is_read() -> None:
    stack = a_stack()
    outs = stack.create()
    found = refreshed(stack, outs)
    assert (found.inputs, found.outs) == (stack.inputs, outs)
    assert stack.warned == []
    assert {"versions", "ended"}.isdisjoint(stack.gateway.verbs())


def test_a_rollback_is_a_warning_and_an_input_that_the_next_preview_shows() -> None:
    stack = a_stack()
    outs = stack.create()
    stack.gateway.redeploy(APP)
    stack.gateway.roll_back(APP, 1)
    found = refreshed(stack, outs)
    assert found.inputs is not None
    assert found.inputs[DRIFT]["version"]["what"] == "rolled back to version 1"
    (warning,) = stack.warned
    assert warning.startswith("dev/llm: version: rolled back to version 1 by someone on 2026-11")
    assert warning.endswith(": it is 3, where this stack left 1")


def test_a_secret_that_was_made_anew_is_told_until_the_app_is_deployed_with_it() -> None:
    stack = a_stack()
    outs = stack.create()
    stack.gateway.remake(SecretNeed("hf", "dev"))
    found = refreshed(stack, outs)
    assert found.inputs is not None
    assert found.outs is not None
    assert found.inputs[DRIFT]["secret hf"]["what"] == "is another one of that name"
    again = refreshed(stack, stack.update(found.outs))
    assert again.inputs == stack.inputs


@pytest.mark.parametrize("environment_too", [False, True])
def test_an_app_that_is_gone_says_how_it_went(*, environment_too: bool) -> None:
    stack = a_stack()
    outs = stack.create()
    if environment_too:
        stack.gateway.delete_environment("dev")
    else:
        stack.gateway.stop(outs["app_id"])
    found = refreshed(stack, outs)
    assert isinstance(found, Gone)
    assert found.id is None
    how = (
        "there is no environment dev: deleted, or renamed"
        if environment_too
        else "stopped by someone on 2026-11-24T12:30:00Z"
    )
    assert stack.warned == [f"dev/llm is gone: {how}"]


def test_a_refresh_leaves_the_inputs_of_the_healthy_version_a_secret() -> None:
    stack = a_stack()
    outs = stack.create()
    told = {"app_id": "ap-1", "version": 0, "inputs": {"triggers": {"a": "hush"}}}
    found = refreshed(stack, {**outs, HEALTHY: told})
    assert found.outs is not None
    assert found.outs[HEALTHY]["inputs"] == secret(told["inputs"])
