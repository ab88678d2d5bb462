"""Every change takes the least that makes it true, and says why."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from pulumi_modal.errors import Unavailable
from pulumi_modal.provider.app_drift import DEPLOYED, DRIFT
from pulumi_modal.provider.app_effect import (
    EFFECT,
    UNREADY,
    Change,
    Effect,
    changes_of,
    effect_of,
    explained,
    needs_check,
    replaces,
    summary,
)
from pulumi_modal.provider.operation import PartialFailure
from tests.fakes.apps import APP, Stack, a_function, a_gateway, a_plan, app_inputs
from tests.fakes.http import serving, text

NEWS = app_inputs(
    a_plan(serve=a_function(web=True, gpu="T4", max_containers=2), plain=a_function()),
    tag="v1",
    probe={"path": "/health"},
    triggers={"secret hf": "d1"},
)
RUNS = {"app_id": "ap-1", "version": 3}
OLDS = {**NEWS, **RUNS, DEPLOYED: dict(RUNS)}


def with_function(name: str, **settings: Any) -> dict[str, Any]:
    """The inputs with these settings of a function."""
    functions = NEWS["functions"]
    return {"functions": {**functions, name: {**functions.get(name, {}), **settings}}}


def told(change: dict[str, Any]) -> list[tuple[str, Effect]]:
    """Path and effect of each change."""
    return [(one.path, one.effect) for one in changes_of(OLDS, {**NEWS, **change})]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"tag": "v2"}, [("tag", Effect.RECORDED)], id="tag"),
        pytest.param({"strategy": "recreate"}, [("strategy", Effect.RECORDED)], id="strategy"),
        pytest.param({"sdk_version": "1.6.5"}, [("sdk_version", Effect.RECORDED)], id="SDK"),
        pytest.param({"source": "b.py"}, [("source", Effect.RECORDED)], id="a moved file"),
        pytest.param(
            {"code": {"serve": {"gpu": "A10"}}}, [("code.serve", Effect.RECORDED)], id="code"
        ),
        pytest.param({"probe": None}, [("probe", Effect.CHECKED)], id="probe"),
        pytest.param(
            with_function("serve", max_containers=4, max_in_flight=4, min_containers=1),
            [
                ("functions.serve.max_containers", Effect.IN_PLACE),
                ("functions.serve.min_containers", Effect.IN_PLACE),
            ],
            id="bounds",
        ),
        pytest.param(
            with_function("plain", scaledown_window=30),
            [("functions.plain.scaledown_window", Effect.IN_PLACE)],
            id="a bound that comes",
        ),
        pytest.param(
            {"triggers": {"secret hf": "d2", "new": 1}},
            [("triggers.new", Effect.ROLLOVER), ('triggers["secret hf"]', Effect.ROLLOVER)],
            id="triggers",
        ),
        pytest.param(
            with_function("serve", gpu="H100", max_containers=3),
            [
                ("functions.serve.gpu", Effect.NEW_VERSION),
                ("functions.serve.max_containers", Effect.IN_PLACE),
            ],
            id="hardware",
        ),
        pytest.param(
            with_function("serve", scaleup_window=9),
            [("functions.serve.scaleup_window", Effect.NEW_VERSION)],
            id="a setting that no table names",
        ),
        pytest.param(
            with_function("new", timeout=1), [("functions.new", Effect.NEW_VERSION)], id="it comes"
        ),
        pytest.param(
            {"functions": {"serve": NEWS["functions"]["serve"]}},
            [("functions.plain", Effect.NEW_VERSION)],
            id="it goes",
        ),
        pytest.param(
            {"digest": {**NEWS["digest"], "files": {"/root/llm.py": "f2"}, "image": "1"}},
            [
                ('digest.files["/root/llm.py"]', Effect.NEW_VERSION),
                ("digest.image", Effect.NEW_VERSION),
            ],
            id="files and image",
        ),
        pytest.param({"needs": {"secrets": []}}, [("needs", Effect.NEW_VERSION)], id="needs"),
        pytest.param(
            with_function("serve", routing_region="eu-west"),
            [("functions.serve.routing_region", Effect.REPLACEMENT)],
            id="routing region",
        ),
        pytest.param({"app_name": "b"}, [("app_name", Effect.REPLACEMENT)], id="name"),
    ],
)
def test_what_a_change_takes(change: dict[str, Any], expected: list[tuple[str, Effect]]) -> None:
    assert told(change) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param(
            {DRIFT: {"secret hf": {}}}, ('drift["secret hf"]', Effect.NEW_VERSION), id="drift"
        ),
        pytest.param({DEPLOYED: None}, ("", Effect.NEW_VERSION), id="cut off, or imported"),
        pytest.param({UNREADY: True}, ("", Effect.CHECKED), id="not ready the last time"),
    ],
)
def test_what_a_state_takes_without_a_change(
    state: dict[str, Any], expected: tuple[str, Effect]
) -> None:
    (change,) = changes_of({**OLDS, **state}, NEWS)
    assert (change.path, change.effect) == expected


def test_the_most_disruptive_change_takes_the_others_along() -> None:
    found = changes_of(OLDS, {**NEWS, "tag": "v2", **with_function("serve", min_containers=1)})
    assert effect_of(found) is Effect.IN_PLACE
    assert not needs_check(found)
    assert effect_of(()) is Effect.RECORDED


@pytest.mark.parametrize(
    "news",
    [
        pytest.param({**NEWS, "functions": UNKNOWN}, id="unknown functions"),
        pytest.param({name: NEWS[name] for name in ("source", "app_name")}, id="not planned yet"),
    ],
)
def test_what_is_not_known_yet_is_said_to_be_that(news: dict[str, Any]) -> None:
    *_, last = changes_of(OLDS, news)
    assert last == Change("functions", Effect.NEW_VERSION, "not known before it is applied")


def test_a_summary_names_a_few_paths_of_the_most_disruptive_changes() -> None:
    digest = {"files": {f"/root/{name}.py": "1" for name in "abcde"}}
    found = changes_of(OLDS, {**NEWS, "digest": {**NEWS["digest"], **digest}, "tag": "v2"})
    assert summary(found).startswith('new version: digest.files["/root/a.py"], ')
    assert summary(found).endswith(" and 3 more")
    assert "tag" not in summary(found)


def test_people_read_what_happens_and_why() -> None:
    found = changes_of(OLDS, {**NEWS, "tag": "v2", **with_function("serve", gpu="L4")})
    assert explained(found, "recreate").splitlines() == [
        "new version in new containers; old ones are stopped at once",
        "  tag: nothing deployed (marks the next version)",
        "  functions.serve.gpu: new version (fixed when a container starts)",
    ]
    moved = changes_of(OLDS, {**NEWS, **with_function("serve", routing_region="eu-west")})
    assert explained(moved, None).splitlines()[0].endswith("which is stopped first")
    assert replaces(moved) == ["functions"]
    unready = changes_of({**OLDS, UNREADY: True}, NEWS)
    assert explained(unready, None).endswith("\n  what runs: readiness check (it was not ready)")


def running(**said: Any) -> tuple[Stack, dict[str, Any]]:
    """A stack whose app runs, and its outputs; what was asked of Modal until then is forgotten."""
    plan = a_plan(serve=a_function(web=True, gpu="T4", max_containers=2))
    stack = Stack(app_inputs(plan, **said), a_gateway(plan))
    outs = stack.create()
    stack.gateway.calls.clear()
    return stack, outs


def acts(stack: Stack) -> list[str]:
    """What changed something in Modal, in order."""
    acting = ("deploy", "rollover", "set_bounds", "stop", "set_tags")
    return [verb for verb in stack.gateway.verbs() if verb in acting]


def change(stack: Stack, **serve: Any) -> None:
    """Change settings of the function; None takes one away."""
    settings = {**stack.inputs["functions"]["serve"], **serve}
    kept = {key: value for key, value in settings.items() if value is not None}
    stack.inputs = {**stack.inputs, "functions": {"serve": kept}}


def test_bounds_change_in_place_and_the_baseline_follows() -> None:
    stack, olds = running()
    change(stack, max_containers=5, min_containers=1)
    outs = stack.update(olds)
    assert acts(stack) == ["set_bounds"]
    assert outs["version"] == olds["version"]
    assert outs[EFFECT] == (
        "in place: functions.serve.max_containers, functions.serve.min_containers"
    )
    assert outs[DEPLOYED]["functions"]["serve"]["max_containers"] == 5
    assert outs[DEPLOYED]["declared"] == stack.inputs["functions"]
    assert changes_of(outs, stack.inputs) == ()


def test_a_bound_that_is_not_declared_any_more_goes_back_to_rest() -> None:
    stack, olds = running()
    change(stack, max_containers=None)
    stack.update(olds)
    (bounds,) = [about for verb, about in stack.gateway.calls if verb == "set_bounds"]
    assert bounds == ("ap-1/serve", {"max_containers": 0})


def test_what_fails_in_place_is_done_again() -> None:
    stack, olds = running()
    change(stack, max_containers=5)
    stack.gateway.fail("set_bounds", Unavailable("scaling ap-1/serve: no answer"))
    with pytest.raises(Unavailable):  # so the state stays as it was
        stack.update(olds)
    stack.gateway.heal()
    assert stack.update(olds)["version"] == 1


def test_triggers_roll_over_and_bounds_set_before_stay_in_force() -> None:
    stack, olds = running()
    change(stack, max_containers=5)
    olds = stack.update(olds)
    stack.inputs = {**stack.inputs, "triggers": {"secret hf": "d2"}}
    stack.gateway.calls.clear()
    outs = stack.update(olds)
    assert acts(stack) == ["rollover", "set_bounds"]
    assert outs["version"] == 2
    assert outs[DEPLOYED]["version"] == 2
    assert outs[DEPLOYED]["functions"]["serve"]["max_containers"] == 5
    assert outs[EFFECT] == 'rollover: triggers["secret hf"]'


def test_a_rollover_that_cannot_be_followed_up_is_a_partial_failure() -> None:
    stack, olds = running()
    change(stack, max_containers=5)
    olds = stack.update(olds)
    stack.inputs = {**stack.inputs, "triggers": {"a": 1}}
    stack.gateway.fail("set_bounds", Unavailable("scaling: no answer"))
    with pytest.raises(PartialFailure) as caught:
        stack.update(olds)
    assert DEPLOYED not in caught.value.outs  # so the next one deploys


@pytest.mark.parametrize(
    ("said", "effect"),
    [
        pytest.param({"tag": "v2"}, "nothing deployed: tag", id="tag"),
        pytest.param({"strategy": "recreate"}, "nothing deployed: strategy", id="strategy"),
        pytest.param({"sdk_version": "9"}, "nothing deployed: sdk_version", id="SDK"),
    ],
)
def test_what_waits_for_the_next_version_asks_nothing_of_modal(
    said: dict[str, Any], effect: str
) -> None:
    stack, olds = running()
    stack.inputs = {**stack.inputs, **said}
    outs = stack.update(olds)
    assert stack.gateway.calls == []
    assert outs == {**olds, **said, EFFECT: effect}


def test_another_probe_asks_the_app_that_runs_and_deploys_nothing() -> None:
    stack, olds = running()
    with serving(lambda one: text(one, 200 if one.path == "/up" else 404, b"")) as url:
        olds = {**olds, "urls": {"serve": url}, "url": url}
        stack.inputs = {**stack.inputs, "probe": {"path": "/up"}}
        outs = stack.update(olds)
    assert acts(stack) == []
    assert outs["version"] == 1
    assert stack.told[-1] == "ready"


def test_an_app_that_was_not_ready_is_asked_again_and_not_deployed() -> None:
    stack, olds = running()
    outs = stack.update({**olds, UNREADY: True})
    assert acts(stack) == []
    assert UNREADY not in outs


@pytest.mark.parametrize("what", ["bounds", "triggers"])
@pytest.mark.parametrize("anew", [True, False], ids=["deployed anew", "redeployed"])
def test_what_moved_on_meanwhile_can_only_be_deployed(what: str, *, anew: bool) -> None:
    stack, olds = running()
    stack.gateway.redeploy(APP, anew=anew)
    if what == "bounds":
        change(stack, max_containers=5)
    else:
        stack.inputs = {**stack.inputs, "triggers": {"a": 1}}
    outs = stack.update(olds)
    assert acts(stack)[0] == "deploy"
    assert outs[EFFECT] == "new version"
    (warning,) = stack.warned
    assert warning.startswith("dev/llm")


def test_an_app_that_was_not_ready_and_was_rolled_back_by_hand_is_deployed() -> None:
    stack, olds = running()
    stack.gateway.roll_back(APP, 1)
    outs = stack.update({**olds, UNREADY: True})
    assert acts(stack)[0] == "deploy"
    assert outs[EFFECT] == "new version"
    assert "version 2 runs, which this stack did not deploy" in stack.warned[0]


def test_an_app_that_is_gone_is_deployed_whatever_was_asked() -> None:
    stack, olds = running()
    stack.gateway.stop(olds["app_id"])
    assert stack.update({**olds, UNREADY: True})["app_id"] == "ap-2"
