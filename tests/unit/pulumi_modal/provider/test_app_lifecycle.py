"""An app is deployed, looked at and stopped, whatever has happened before or happens meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.errors import (
    DeployFailed,
    GatewayError,
    ModalStackError,
    NotFound,
    Refused,
    Unavailable,
)
from pulumi_modal.gateway.port import AppRef, DeployOrder, SecretNeed, VolumeNeed
from pulumi_modal.provider.app_drift import DEPLOYED
from pulumi_modal.provider.app_lifecycle import (
    DEPLOY_DEADLINE_S,
    AppLifecycle,
    folded,
    main_url,
    needs_of,
    wrong_bounds,
)
from pulumi_modal.provider.operation import Operation, PartialFailure
from pulumi_modal.spec.plan import NeededSecret, NeededVolume, Plan
from tests.fakes.apps import a_function, a_gateway, a_plan, app_inputs
from tests.fakes.gateway import FakeGateway
from tests.fakes.http import serving, text

APP = AppRef("dev", "llm")
OVER = threading.Event()
OVER.set()


@dataclass
class Stack:
    """An app's inputs with the Modal they go to, and what its row shows meanwhile."""

    inputs: dict[str, Any] = field(default_factory=app_inputs)
    gateway: FakeGateway = field(default_factory=a_gateway)
    timeout_s: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    told: list[str] = field(default_factory=list)

    @property
    def lifecycle(self) -> AppLifecycle:
        operation = Operation(
            tell=self.told.append, timeout_s=self.timeout_s, cancelled=self.cancelled
        )
        return AppLifecycle(self.gateway, operation, Path("/project"))

    def deploy(self, olds: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self.lifecycle.deploy(self.inputs, olds)

    @property
    def order(self) -> DeployOrder:
        """The last one."""
        found = [about for verb, about in self.gateway.calls if verb == "deploy"][-1]
        assert isinstance(found, DeployOrder)
        return found


def stack_of(plan: Plan, **said: Any) -> Stack:
    return Stack(app_inputs(plan, **said), a_gateway(plan))


def test_a_deploy_gives_the_inputs_and_what_modal_says() -> None:
    stack = Stack()
    url = "http://dev-llm-serve.invalid"
    assert stack.deploy() == {
        **stack.inputs,
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
    stack.deploy()
    assert (stack.order.strategy, stack.order.tag) == ("recreate", "v1")
    assert stack.order.deadline_s == DEPLOY_DEADLINE_S
    assert stack.order.request.overrides == {"f": {"gpu": "H100"}}
    assert stack.order.request.root == Path("/project")


def test_custom_timeouts_are_the_deadline_of_a_deploy() -> None:
    stack = Stack(timeout_s=420)
    stack.deploy()
    assert stack.order.deadline_s == 420


def test_what_a_build_says_is_told() -> None:
    stack = Stack()
    stack.gateway.words = ("building image: torch",)
    stack.deploy()
    assert stack.told == ["deploying", "building image: torch", "deployed"]


def test_a_repeated_deploy_changes_nothing() -> None:
    stack = Stack()
    first = stack.deploy()
    assert stack.deploy(first) == first


def test_a_create_that_was_lost_takes_over_what_it_made() -> None:
    stack = Stack()
    lost = stack.deploy()
    again = stack.deploy()
    assert again["app_id"] == lost["app_id"]
    assert list(stack.gateway.running) == [APP]


def test_an_update_of_an_app_that_was_stopped_deploys_it_anew() -> None:
    stack = Stack()
    olds = stack.deploy()
    stack.gateway.stop(olds["app_id"])
    news = stack.deploy(olds)
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
        stack.deploy()
    assert str(caught.value).startswith(
        "dev/llm needs what Modal does not have in dev: all of TOKEN in secret hf, secret b,"
        " volume models; make it there (`modal secret create --env dev ...`"
    )
    assert stack.gateway.verbs() == ["missing"]
    assert stack.told == []


def test_needs_that_are_met_do_not_matter() -> None:
    stack = stack_of(NEEDY)
    stack.gateway.secrets |= {("dev", "hf"): frozenset({"TOKEN"}), ("dev", "b"): frozenset()}
    stack.gateway.volumes.add(("shared", "models"))
    assert stack.deploy()["version"] == 1


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
        stack.deploy()
    assert stack.gateway.running == {}


def failure_of(stack: Stack, olds: Mapping[str, Any] | None = None) -> PartialFailure:
    with pytest.raises(PartialFailure) as caught:
        stack.deploy(olds)
    return caught.value


@pytest.mark.parametrize("verb", ["find", "function"])
def test_what_fails_after_the_deploy_keeps_the_id(verb: str) -> None:
    stack = Stack()
    stack.gateway.fail(verb, Unavailable("looking up dev/llm: no answer"))
    failure = failure_of(stack)
    assert failure.resource_id == "dev/llm"
    assert failure.reasons == ("looking up dev/llm: no answer; its containers printed nothing",)
    assert failure.outs == {
        **stack.inputs,
        "app_id": "ap-1",
        "version": 0,
        "url": "",
        "urls": {},
    }
    stack.gateway.heal()
    assert stack.deploy(failure.outs)["version"] == 1


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
    assert reason.startswith(f"cancelled while waiting for {url}/health; last answer: 503 starting")
    assert failure.outs["app_id"] == "ap-1"
    assert failure.outs["version"] == 1
    assert failure.outs["url"] == url
    assert failure.outs[DEPLOYED]["version"] == 1


def test_a_failure_ends_with_what_the_containers_printed_since() -> None:
    stack = Stack(app_inputs(probe={"path": "/health"}), cancelled=OVER)
    stack.gateway.urls["serve"] = "http://nowhere.invalid"

    class Printing(FakeGateway):
        def deploy(self, order: DeployOrder, tell: Any) -> str:
            app_id = super().deploy(order, tell)
            for line in ("loading", "loading", "no model"):
                self.print(APP, line)
            return app_id

    stack.gateway = Printing(environments=("dev",), plan=lambda _: a_plan())
    (reason,) = failure_of(stack).reasons
    assert reason.splitlines()[1:] == ["      | loading (2 times)", "      | no model"]
    assert reason.splitlines()[0].endswith("; its containers printed last:")


def test_a_log_that_cannot_be_read_hides_no_failure() -> None:
    stack = Stack()
    stack.gateway.fail("find", Unavailable("looking up dev/llm: no answer"))
    stack.gateway.fail("last_lines", Unavailable("reading the log of ap-1: no answer"))
    (reason,) = failure_of(stack).reasons
    assert reason.startswith("looking up dev/llm: no answer; ")
    assert "(the log could not be read: reading the log of ap-1: no answer)" in reason


def test_an_app_that_answers_is_ready() -> None:
    stack = Stack(app_inputs(probe={"path": "/health"}))
    with serving(lambda one: text(one, 200 if one.path == "/health" else 404, b"")) as url:
        stack.gateway.urls["serve"] = url
        outs = stack.deploy()
    assert outs["url"] == url
    assert stack.told == ["deploying", "deployed, waiting for /health", "ready"]


def test_a_probe_without_a_url_is_a_partial_failure() -> None:
    stack = stack_of(a_plan(plain=a_function()), probe={"path": "/"})
    assert failure_of(stack).reasons[0].startswith("dev/llm has no URL that its probe could ask")


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
    olds = stack.deploy()
    stack.gateway.set_bounds("ap-1/serve", set_at_run_time)
    stack.gateway.calls.clear()
    outs = stack.deploy(olds)
    calls = [about for verb, about in stack.gateway.calls if verb == "set_bounds"]
    assert calls == ([("ap-1/serve", mended)] if mended else [])
    seen = outs[DEPLOYED]["functions"]["serve"]
    assert {name: seen.get(name) for name in declared} == declared


def test_bounds_that_cannot_be_set_back_are_a_partial_failure() -> None:
    stack = stack_of(a_plan(serve=a_function(max_containers=3)))
    stack.gateway.keeps_bounds = True
    olds = stack.deploy()
    stack.gateway.set_bounds("ap-1/serve", {"max_containers": 9})
    stack.gateway.fail("set_bounds", Unavailable("scaling ap-1/serve: no answer"))
    assert failure_of(stack, olds).outs["app_id"] == "ap-1"


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
    stack.deploy()
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
    stack.deploy()
    stack.gateway.fail(verb, Unavailable("no answer"))
    with pytest.raises(Unavailable):
        stack.lifecycle.look(stack.inputs)


def test_a_stop_ends_the_app_that_this_stack_deployed() -> None:
    stack = Stack()
    outs = stack.deploy()
    stack.gateway.redeploy(APP, anew=True)
    theirs = stack.gateway.running[APP].app_id
    stack.lifecycle.stop(outs)
    assert stack.gateway.running[APP].app_id == theirs
    assert stack.told[-1] == "was stopped already"


def test_a_stop_repeats_safely() -> None:
    stack = Stack()
    outs = stack.deploy()
    stack.lifecycle.stop(outs)
    stack.lifecycle.stop(outs)
    assert stack.gateway.running == {}


def test_an_app_whose_id_was_never_told_is_stopped_by_its_name() -> None:
    stack = Stack()
    stack.deploy()
    stack.lifecycle.stop(stack.inputs)
    assert stack.gateway.running == {}
    stack.lifecycle.stop(stack.inputs)


@pytest.mark.parametrize("error", [Unavailable("no answer"), Refused("not allowed")])
def test_an_app_that_could_not_be_stopped_is_not_forgotten(error: GatewayError) -> None:
    stack = Stack()
    outs = stack.deploy()
    stack.gateway.fail("stop", error)
    with pytest.raises(ModalStackError):
        stack.lifecycle.stop(outs)


def test_needs_of_a_gone_environment_are_missing() -> None:
    stack = Stack()
    stack.gateway.delete_environment("dev")
    with pytest.raises(NotFound, match="deploying dev/llm"):
        stack.deploy()


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


def test_lines_that_repeat_are_counted() -> None:
    assert folded(["a", "a", "b", "a"]) == ["a (2 times)", "b", "a"]
    assert folded([]) == []
