"""A version that is not ready is kept, or the healthy one comes back; the message says which."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from pulumi_modal.errors import Refused, Unavailable
from pulumi_modal.provider.app_diff import diff
from pulumi_modal.provider.app_effect import UNREADY
from pulumi_modal.provider.app_healthy import HEALTHY, ROLLED_BACK
from pulumi_modal.provider.app_owner import BIRTH
from pulumi_modal.provider.detailed import DetailedDiff
from pulumi_modal.provider.operation import PartialFailure
from tests.fakes.apps import APP, OnePlan, Stack, a_function, a_gateway, a_plan, app_inputs
from tests.fakes.http import serving, text

PROBE = {"path": "/health", "deadline": 1, "interval": 0.1}
GOOD, BAD = a_plan("good"), a_plan("bad", serve=a_function(web=True, gpu="T4"))


class Changing(Stack):
    """A stack whose file changes, and an app that is ready as long as it is one of the good."""

    plans: OnePlan

    def change(self, plan: Any, **said: Any) -> None:
        """The next version of the file, and what the stack says of it."""
        self.plans.plan = plan
        self.inputs = app_inputs(plan, probe=PROBE, **{"on_failure": "rollback", **said})

    def failed(self, olds: Mapping[str, Any]) -> PartialFailure:
        with pytest.raises(PartialFailure) as caught:
            self.update(olds)
        return caught.value

    @property
    def is_good(self) -> bool:
        return self.gateway.running[APP].plan.digest.code == "good"


@pytest.fixture
def stack() -> Iterator[Changing]:
    made = Changing(gateway=a_gateway())
    made.plans = OnePlan(GOOD)
    made.gateway = type(made.gateway)(environments=("dev",), plan=made.plans)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        text(handler, 200 if made.is_good else 503, b"")

    made.change(GOOD)
    with serving(answer) as url:
        made.gateway.urls["serve"] = url
        yield made


def test_the_healthy_version_comes_back_and_the_outputs_are_its(stack: Changing) -> None:
    olds = stack.create()
    assert olds[HEALTHY] == {"app_id": "ap-1", "version": 1}
    stack.change(BAD)
    failure = stack.failed(olds)
    (reason,) = failure.reasons
    assert "; rolled back to version 1, which serves as version 3 and is ready; its cont" in reason
    assert stack.is_good
    outs = failure.outs
    assert outs["functions"] == olds["functions"]
    assert outs["digest"] == olds["digest"]
    assert outs["effect"] == "rolled back to version 1"
    assert outs["version"] == 3
    assert outs[HEALTHY] == {"app_id": "ap-1", "version": 3}
    assert outs[BIRTH] == olds[BIRTH]
    assert UNREADY not in outs


def test_the_change_that_failed_is_the_next_diff_again(stack: Changing) -> None:
    olds = stack.create()
    stack.change(BAD)
    outs = stack.failed(olds).outs
    found = diff(outs, stack.inputs)
    assert isinstance(found, DetailedDiff)
    assert found.paths["functions.serve.gpu"] == "add"
    assert found.paths["digest.code"] == "update"
    assert found.changes is True
    stack.change(GOOD)
    reverted = diff(outs, stack.inputs)
    assert not isinstance(reverted, DetailedDiff) or set(reverted.paths) <= {"probe", "on_failure"}


def test_a_second_failure_goes_back_to_the_same_version(stack: Changing) -> None:
    first = stack.create()
    stack.change(BAD)
    second = stack.failed(first).outs
    third = stack.failed(second)
    assert "rolled back to version 3, which serves as version 5" in third.reasons[0]
    stack.change(GOOD)
    assert ROLLED_BACK not in stack.update(third.outs)


def test_after_a_failure_that_was_kept_the_way_back_leads_past_it(stack: Changing) -> None:
    olds = stack.create()
    stack.change(BAD, on_failure="keep")
    kept = stack.failed(olds)
    assert "rolled back" not in kept.reasons[0]
    assert kept.outs[UNREADY]
    assert not stack.is_good
    stack.change(a_plan("worse"))
    failure = stack.failed(kept.outs)
    assert "rolled back to version 1, which serves as version 4 and is ready" in failure.reasons[0]
    assert failure.outs["digest"] == olds["digest"]


def test_a_kept_version_that_is_asked_again_can_still_be_gone_back_from(stack: Changing) -> None:
    olds = stack.create()
    stack.change(BAD, on_failure="keep")
    kept = stack.failed(olds).outs
    stack.change(BAD)
    assert "rolled back to version 1" in stack.failed(kept).reasons[0]


def test_a_first_version_has_nothing_to_go_back_to(stack: Changing) -> None:
    stack.change(BAD)
    with pytest.raises(PartialFailure) as caught:
        stack.create()
    (reason,) = caught.value.reasons
    assert "; no earlier version is known to be healthy, so this one is left deployed; " in reason
    assert caught.value.outs[UNREADY]
    assert "rollback" not in stack.gateway.verbs()


def test_a_rollback_that_fails_is_told_beside_what_failed(stack: Changing) -> None:
    olds = stack.create()
    stack.change(BAD)
    stack.gateway.fail("rollback", Refused("rolling dev/llm back to version 1: too old"))
    failure = stack.failed(olds)
    (reason,) = failure.reasons
    assert (
        "was not answered with 200 within 1 s; last answer: 503; it could not be rolled" in reason
    )
    assert "and is left deployed: rolling dev/llm back to version 1: too old; its con" in reason
    assert failure.outs["digest"] == stack.inputs["digest"]
    assert failure.outs[HEALTHY]["version"] == 1
    stack.gateway.heal()
    assert "rolled back to version 1" in stack.failed(failure.outs).reasons[0]


def test_a_rollback_whose_answer_was_lost_is_one(stack: Changing) -> None:
    olds = stack.create()
    stack.change(BAD)
    rollback = stack.gateway.rollback

    def then_lost(*order: Any) -> Any:
        rollback(*order)
        raise Unavailable("rolling dev/llm back to version 1: no answer")

    stack.gateway.rollback = then_lost  # type: ignore[method-assign, assignment]
    failure = stack.failed(olds)
    assert "rolled back to version 1, which serves as version 3 and is" in failure.reasons[0]
    assert failure.outs["digest"] == olds["digest"]


def test_a_version_that_came_back_and_is_not_ready_either_is_told(stack: Changing) -> None:
    olds = stack.create()
    stack.change(BAD)
    stack.gateway.urls["serve"] = "http://127.0.0.1:1"
    failure = stack.failed(olds)
    assert "which serves as version 3 and is not ready either: GET http:" in failure.reasons[0]
    assert failure.outs[HEALTHY]["version"] == 1


def test_a_version_of_which_nothing_can_be_read_is_told(stack: Changing) -> None:
    olds = stack.create()
    stack.change(BAD)
    rollback = stack.gateway.rollback

    def then_nothing(*order: Any) -> Any:
        stack.gateway.fail("find", Unavailable("looking up dev/llm: no answer"))
        return rollback(*order)

    stack.gateway.rollback = then_nothing  # type: ignore[method-assign, assignment]
    failure = stack.failed(olds)
    assert "rolled back to version 1, of which Modal says nothing: looking" in failure.reasons[0]
    assert failure.outs["digest"] == olds["digest"]


def test_a_cancelled_wait_is_no_verdict(stack: Changing) -> None:
    olds = stack.create()
    stack.change(BAD)
    stack.cancelled = threading.Event()
    stack.cancelled.set()
    failure = stack.failed(olds)
    assert failure.reasons[0].startswith("cancelled while waiting for GET ")
    assert not stack.is_good
    assert failure.outs[HEALTHY]["version"] == 1


def test_what_the_strategy_says_holds_for_a_rollback(stack: Changing) -> None:
    olds = stack.create()
    stack.change(BAD, strategy="recreate")
    stack.failed(olds)
    assert ("rollback", (APP, 1, "recreate")) in stack.gateway.calls
