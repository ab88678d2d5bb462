"""An app is deployed and ready, or the failure keeps what is known."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from pulumi_modal.errors import (
    DeployFailed,
    NotFound,
    Refused,
    Unavailable,
)
from pulumi_modal.gateway.port import AppRef, Deployed, DeployOrder, SecretNeed, VolumeNeed
from pulumi_modal.provider.app_deploy import DEPLOY_DEADLINE_S
from pulumi_modal.provider.app_drift import DEPLOYED
from pulumi_modal.provider.app_effect import EFFECT, NEW_APP, UNREADY
from pulumi_modal.provider.app_needs import needs_of
from pulumi_modal.provider.app_owner import BIRTH
from pulumi_modal.provider.app_words import folded
from pulumi_modal.provider.operation import PartialFailure
from pulumi_modal.spec.plan import NeededSecret, NeededVolume
from tests.fakes.apps import APP, Stack, a_function, a_plan, app_inputs, stack_of
from tests.fakes.gateway import FakeGateway
from tests.fakes.http import serving, text

OVER = threading.Event()
OVER.set()


def test_a_deploy_gives_the_inputs_and_what_modal_says() -> None:
    stack = Stack()
    url = "http://dev-llm-serve.invalid"
    assert stack.create() == {
        **stack.inputs,
        EFFECT: NEW_APP,
        BIRTH: ANY,
        "app_id": "ap-1",
        "version": 1,
        "url": url,
        "urls": {"serve": url},
        DEPLOYED: {
            "app_id": "ap-1",
            "version": 1,
            "declared": stack.inputs["functions"],
            "functions": {"serve": {"timeout": 300}},
        },
    }
    assert stack.told == ["deploying", "deployed"]


def test_a_deploy_orders_what_the_inputs_say() -> None:
    function = a_function(gpu="H100").model_copy(update={"code": {"gpu": "T4"}})
    stack = stack_of(a_plan(f=function), strategy="recreate", tag="v1", app="main")
    stack.create()
    assert (stack.order.strategy, stack.order.tag) == ("recreate", "v1")
    assert stack.order.deadline_s == DEPLOY_DEADLINE_S
    assert stack.order.request.overrides == {"f": {"gpu": "H100"}}
    assert stack.order.request.root == Path("/project")


def test_custom_timeouts_are_the_deadline_of_a_deploy() -> None:
    stack = Stack(timeout_s=420)
    stack.create()
    assert 400 < stack.order.deadline_s <= 420


def test_what_a_build_says_is_told() -> None:
    stack = Stack()
    stack.gateway.words = ("building image: torch",)
    stack.create()
    assert stack.told == ["deploying", "building image: torch", "deployed"]


def test_what_modal_warns_of_stays_among_the_diagnostics() -> None:
    stack = Stack()
    stack.gateway.warnings = ("the label chat is taken from app other",)
    stack.create()
    assert stack.warned == ["dev/llm: the label chat is taken from app other"]


def test_an_update_of_an_app_that_was_stopped_deploys_it_anew() -> None:
    stack = Stack()
    olds = stack.create()
    stack.gateway.stop(olds["app_id"])
    stack.inputs = {**stack.inputs, "triggers": {"now": 1}}
    news = stack.update(olds)
    assert news["app_id"] != olds["app_id"]
    assert news[DEPLOYED]["app_id"] == news["app_id"]
    assert stack.gateway.running[APP].app_id == news["app_id"]


NEEDY = a_plan(
    serve=a_function(),
    secrets=(NeededSecret(name="hf", required_keys=("TOKEN",)), NeededSecret(name="b")),
    volumes=(NeededVolume(name="models", environment="shared"),),
)


def test_missing_needs_are_named_and_nothing_is_deployed() -> None:
    stack = stack_of(NEEDY)
    stack.gateway.secrets["dev", "hf"] = frozenset({"OTHER"})
    with pytest.raises(Refused) as caught:
        stack.create()
    assert str(caught.value).startswith(
        "dev/llm needs what Modal does not have in dev: all of TOKEN in secret hf, secret b,"
        " volume models; make it there (`modal secret create --env dev ...`"
    )
    assert stack.gateway.verbs() == ["find", "missing"]
    assert stack.told == []


def test_needs_that_are_met_do_not_matter() -> None:
    stack = stack_of(NEEDY)
    stack.gateway.secrets |= {("dev", "hf"): frozenset({"TOKEN"}), ("dev", "b"): frozenset()}
    stack.gateway.volumes.add(("shared", "models"))
    assert stack.create()["version"] == 1


def test_needs_without_an_environment_are_those_of_the_app() -> None:
    assert needs_of(app_inputs(NEEDY)) == [
        SecretNeed("hf", "dev", ("TOKEN",)),
        SecretNeed("b", "dev"),
        VolumeNeed("models", "shared"),
    ]
    assert needs_of({"environment": "dev"}) == []


@pytest.mark.parametrize("verb", ["missing", "deploy"])
def test_what_fails_before_modal_has_the_app_is_no_partial_failure(verb: str) -> None:
    stack = stack_of(NEEDY)
    stack.gateway.secrets |= {("dev", "hf"): frozenset({"TOKEN"}), ("dev", "b"): frozenset()}
    stack.gateway.volumes.add(("shared", "models"))
    stack.gateway.fail(verb, DeployFailed("deploying dev/llm: no"))
    with pytest.raises(DeployFailed, match="deploying dev/llm: no"):
        stack.create()
    assert stack.gateway.running == {}


def failure_of(stack: Stack) -> PartialFailure:
    with pytest.raises(PartialFailure) as caught:
        stack.create()
    return caught.value


@pytest.mark.parametrize("verb", ["find", "function"])
def test_what_fails_after_the_deploy_keeps_the_id(verb: str) -> None:
    stack = Stack()
    stack.gateway.fail(verb, Unavailable("looking up dev/llm: no answer"), after="deploy")
    failure = failure_of(stack)
    assert failure.resource_id == "dev/llm"
    assert failure.reasons == ("looking up dev/llm: no answer; its containers printed nothing",)
    assert failure.outs == {
        **stack.inputs,
        EFFECT: NEW_APP,
        BIRTH: ANY,
        "app_id": "ap-1",
        "version": 0,
        "url": "",
        "urls": {},
    }
    stack.gateway.heal()
    assert stack.update(failure.outs)["version"] == 1
    assert stack.gateway.verbs().count("deploy") == 2


def test_an_app_that_vanishes_after_its_deploy_is_a_partial_failure() -> None:
    stack = Stack()

    class Vanishing(FakeGateway):
        def find(self, app: AppRef) -> None:
            del app

    stack.gateway = Vanishing(environments=("dev",), plan=lambda _: a_plan())
    assert "Modal does not know it any more" in failure_of(stack).reasons[0]


def test_an_app_that_is_not_ready_is_kept_with_all_outputs() -> None:
    stack = Stack(app_inputs(probe={"path": "/health"}), cancelled=OVER)
    with serving(lambda one: text(one, 503, b"starting")) as url:
        stack.gateway.urls["serve"] = url
        failure = failure_of(stack)
    (reason,) = failure.reasons
    assert reason.startswith(
        f"cancelled while waiting for GET {url}/health; last answer: 503 starting"
    )
    assert failure.outs["app_id"] == "ap-1"
    assert failure.outs["version"] == 1
    assert failure.outs["url"] == url
    assert failure.outs[DEPLOYED]["version"] == 1
    assert failure.outs[UNREADY] is True


def test_a_failure_ends_with_what_the_containers_printed_since() -> None:
    stack = Stack(app_inputs(probe={"path": "/health"}), cancelled=OVER)
    stack.gateway.urls["serve"] = "http://nowhere.invalid"

    class Printing(FakeGateway):
        def deploy(self, order: DeployOrder, tell: Any) -> Deployed:
            deployed = super().deploy(order, tell)
            for line in ("loading", "loading", "no model"):
                self.print(APP, line)
            return deployed

    stack.gateway = Printing(environments=("dev",), plan=lambda _: a_plan())
    (reason,) = failure_of(stack).reasons
    assert reason.splitlines()[1:] == ["      | loading (2 times)", "      | no model"]
    assert reason.splitlines()[0].endswith("; its containers printed last:")


def test_a_log_that_cannot_be_read_hides_no_failure() -> None:
    stack = Stack()
    stack.gateway.fail("find", Unavailable("looking up dev/llm: no answer"), after="deploy")
    stack.gateway.fail("last_lines", Unavailable("reading the log of ap-1: no answer"))
    (reason,) = failure_of(stack).reasons
    assert reason.startswith("looking up dev/llm: no answer; ")
    assert "(the log could not be read: reading the log of ap-1: no answer)" in reason


def test_an_app_that_answers_is_ready() -> None:
    stack = Stack(app_inputs(probe={"path": "/health"}))
    with serving(lambda one: text(one, 200 if one.path == "/health" else 404, b"")) as url:
        stack.gateway.urls["serve"] = url
        outs = stack.create()
    assert outs["url"] == url
    assert stack.told == ["deploying", "deployed, waiting for /health", "ready"]


def test_a_probe_without_a_url_is_a_partial_failure() -> None:
    stack = stack_of(a_plan(plain=a_function()), probe={"path": "/"})
    assert failure_of(stack).reasons[0].startswith("dev/llm has no URL that its probe could ask")


def test_needs_of_a_gone_environment_are_missing() -> None:
    stack = Stack()
    stack.gateway.delete_environment("dev")
    with pytest.raises(NotFound, match="deploying dev/llm"):
        stack.create()


def test_lines_that_repeat_are_counted() -> None:
    assert folded(["a", "a", "b", "a"]) == ["a (2 times)", "b", "a"]
    assert folded([]) == []
