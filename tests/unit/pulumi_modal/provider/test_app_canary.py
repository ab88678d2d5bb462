"""When a new version is tried, as what, and what is left of a trial: nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.errors import CanaryWithdrawn, DeployFailed, Refused, Unavailable
from pulumi_modal.gateway.port import AppRef, DeployOrder
from pulumi_modal.provider.app_canary import MARK, as_canary, canary_ref, is_wanted
from pulumi_modal.provider.app_inputs import deploy_request
from tests.fakes.apps import APP, OnePlan, Stack, a_function, a_plan, app_inputs
from tests.fakes.gateway import FakeApp, FakeGateway
from tests.fakes.http import serving, text

CANARY_APP = AppRef("dev", "llm-canary")
PROBE = {"path": "/health", "deadline": 1, "interval": 0.1}
CANARY = {"requests": 60, "concurrency": 2, "max_p95_ratio": 100}
FIRST, SECOND = a_plan("first"), a_plan("second")


@pytest.fixture
def stack() -> Iterator[Stack]:
    """An app that is ready, whose file is about to become another."""
    made = Stack(app_inputs(FIRST, probe=PROBE, canary=CANARY))
    plans = OnePlan(FIRST)
    made.gateway = FakeGateway(environments=("dev",), plan=plans)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        text(handler, 200, b"", Content_Length="0")

    with serving(answer) as url:
        made.gateway.urls["serve"] = url
        made.olds = made.create()
        plans.plan = SECOND
        made.inputs = app_inputs(SECOND, probe=PROBE, canary=CANARY)
        yield made


def running(stack: Stack) -> dict[str, str]:
    """What runs, by its name."""
    return {ref.name: app.plan.digest.code for ref, app in stack.gateway.running.items()}


def test_a_version_that_does_as_well_takes_over(stack: Stack) -> None:
    stack.update(stack.olds)
    deployed = [one.request.app_name for verb, one in stack.gateway.calls if verb == "deploy"]
    assert deployed == ["llm", "llm-canary", "llm"]
    assert running(stack) == {"llm": "second"}
    assert "canary passed, deploying" in stack.told
    assert stack.noted[0].startswith("canary of dev/llm takes over: new: 60 answers, 0 % failed")


def test_a_version_that_is_not_ready_is_withdrawn_before_anything_has_changed(
    stack: Stack,
) -> None:
    stack.gateway.urls["serve"] = "http://127.0.0.1:1"
    with pytest.raises(CanaryWithdrawn) as caught:
        stack.update(stack.olds)
    said = str(caught.value)
    assert said.startswith("dev/llm: canary withdrawn, version 1 serves on: GET http://127.0.0.1:1")
    assert said.endswith("; its containers printed nothing")
    assert running(stack) == {"llm": "first"}


def test_a_trial_that_is_cancelled_leaves_what_was_there(stack: Stack) -> None:
    stack.gateway.urls["serve"] = "http://127.0.0.1:1"
    stack.cancelled.set()
    with pytest.raises(CanaryWithdrawn, match=r"version 1 serves on: it was cancelled$"):
        stack.update(stack.olds)
    assert running(stack) == {"llm": "first"}


def test_a_deploy_that_fails_leaves_what_was_there(stack: Stack) -> None:
    stack.gateway.fail("deploy", DeployFailed("deploying dev/llm-canary: no"))
    with pytest.raises(DeployFailed):
        stack.update(stack.olds)
    assert running(stack) == {"llm": "first"}


def test_a_canary_that_cannot_be_stopped_is_named(stack: Stack) -> None:
    stack.gateway.fail("stop", Unavailable("stopping ap-2: no answer"))
    stack.update(stack.olds)
    (warning,) = stack.warned
    assert warning.startswith("dev/llm-canary is left, and costs what it costs: stopping ap-2: no")


def test_what_was_left_is_stopped_first(stack: Stack) -> None:
    stack.gateway.running[CANARY_APP] = FakeApp("ap-9", SECOND, tags={MARK: "llm"})
    stack.update(stack.olds)
    assert "was left by an `up` that was cut off: it is stopped" in stack.warned[0]
    assert running(stack) == {"llm": "second"}


def test_an_app_of_its_own_under_the_name_is_left_alone(stack: Stack) -> None:
    stack.gateway.running[CANARY_APP] = FakeApp("ap-9", SECOND)
    with pytest.raises(Refused, match="dev/llm-canary is an app of its own, and no canary of llm"):
        stack.update(stack.olds)
    assert running(stack) == {"llm": "first", "llm-canary": "second"}


def test_an_app_that_was_stopped_is_deployed_without_a_trial(stack: Stack) -> None:
    stack.gateway.stop(stack.olds["app_id"])
    stack.update(stack.olds)
    assert running(stack) == {"llm": "second"}
    assert "canary: deploying" not in stack.told


@pytest.mark.parametrize(
    ("olds", "news", "wanted"),
    [
        pytest.param({}, {}, False, id="a first deploy"),
        pytest.param({"app_id": "ap-1"}, {}, False, id="nothing new"),
        pytest.param({"app_id": "ap-1"}, {"digest": {"code": "new"}}, True, id="new code"),
        pytest.param({"app_id": "ap-1"}, {"functions": {}}, True, id="new settings"),
        pytest.param({"app_id": "ap-1"}, {"probe": {"path": "/x"}}, False, id="another probe"),
        pytest.param(
            {"app_id": "ap-1"}, {"digest": {"code": "new"}, "canary": None}, False, id="none said"
        ),
    ],
)
def test_when_a_version_is_tried(
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    wanted: bool,  # noqa: FBT001  # a column
) -> None:
    inputs = app_inputs(FIRST, probe=PROBE, canary=CANARY)
    assert is_wanted({**inputs, **news}, {**inputs, **olds}) is wanted


def test_a_canary_takes_neither_label_nor_domain_from_the_app() -> None:
    web = {"label": "chat", "custom_domains": ["chat.example.com"], "requires_proxy_auth": False}
    labelled = a_function(gpu="H100").model_copy(
        update={"effective": {"gpu": "H100", "web": web}, "code": {"gpu": "T4"}, "web": True}
    )
    inputs = app_inputs(a_plan(serve=labelled, plain=a_function(web=True)))
    order = as_canary(DeployOrder(deploy_request(inputs, Path("/p"))), inputs["functions"])
    assert order.request.app_name == "llm-canary"
    assert order.request.overrides == {
        "serve": {"gpu": "H100", "web": {"custom_domains": [], "label": "chat-canary"}}
    }
    assert order.tags == {MARK: "llm"}
    assert canary_ref(inputs) == CANARY_APP
    assert APP.name == "llm"


def test_an_app_of_its_own_under_the_name_keeps_nothing_else_from_being_done(
    stack: Stack,
) -> None:
    stack.gateway.running[CANARY_APP] = FakeApp("ap-9", SECOND)
    stack.inputs = app_inputs(SECOND, probe=PROBE)  # `canary` was taken out
    outs = stack.update(stack.olds)
    stack.lifecycle.stop({**outs, "canary": CANARY})
    assert running(stack) == {"llm-canary": "second"}
