"""Drift is what differs from what Modal said right after this stack's deploy, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.gateway.observation import READABLE
from pulumi_modal.gateway.port import Deployment, ObservedFunction, Version
from pulumi_modal.provider.app_drift import (
    DEPLOYED,
    DRIFT,
    Seen,
    deployed_inputs,
    deployed_state,
    drifted_inputs,
)
from pulumi_modal.spec.overrides import FunctionOverrides
from tests.fakes.apps import a_function, a_plan, app_inputs

OURS = Deployment("ap-1", 2, "local")
DECLARED = app_inputs(
    a_plan(
        serve=a_function(gpu="T4", max_containers=3, max_inputs=2, max_in_flight=6),
        Model=a_function("class", env={"MODE": "fast"}, startup_timeout=90),
    )
)
SEEN: dict[str, ObservedFunction | None] = {
    "serve": ObservedFunction("fu-1", {"gpu": "T4", "max_containers": 3, "max_inputs": 2}),
    "Model": ObservedFunction("fu-2", {"timeout": 300}),
}


def state_after(
    deployment: Deployment = OURS,
    functions: dict[str, ObservedFunction | None] | None = None,
    inputs: dict[str, Any] | None = None,
    needs: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The outputs right after a deploy."""
    given_inputs = inputs or DECLARED
    known = deployed_state(given_inputs, deployment, functions or SEEN, needs)
    return {**given_inputs, "app_id": deployment.app_id, DEPLOYED: known}


def refreshed(
    outs: dict[str, Any],
    found: Deployment = OURS,
    functions: dict[str, ObservedFunction | None] | None = None,
    versions: tuple[Version, ...] = (),
    needs: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The inputs that a refresh finds."""
    seen = Seen(found, functions or SEEN, versions, needs or {})
    return drifted_inputs(deployed_inputs(outs), outs, seen)


def serve(**settings: Any) -> dict[str, ObservedFunction | None]:
    """What is seen, with other settings of `serve`; None takes one away."""
    seen = SEEN["serve"]
    assert seen is not None
    now = {name: one for name, one in {**seen.settings, **settings}.items() if one is not None}
    return {**SEEN, "serve": replace(seen, settings=now)}


SETTINGS = st.dictionaries(
    st.sampled_from(sorted(READABLE)), st.integers(0, 9) | st.text(max_size=3), max_size=5
)
IN_FLIGHT = {"max_containers", "max_inputs", "max_batch_size"}
FUNCTIONS = st.dictionaries(st.sampled_from(["a", "b", "c"]), SETTINGS, max_size=3)


@given(declared=FUNCTIONS, seen=FUNCTIONS, version=st.integers(1, 99), tag=st.text(max_size=3))
def test_what_looks_as_after_the_deploy_has_not_drifted(
    declared: dict[str, Any], seen: dict[str, Any], version: int, tag: str
) -> None:
    inputs = {**DECLARED, "functions": declared, "tag": tag}
    functions: dict[str, ObservedFunction | None] = {
        name: ObservedFunction("fu", seen[name]) if name in seen else None for name in declared
    }
    found = Deployment("ap-1", version)
    outs = state_after(found, functions, inputs)
    assert refreshed(outs, found, functions) == inputs


@given(declared=FUNCTIONS, seen=FUNCTIONS, now=FUNCTIONS)
def test_drift_that_was_undone_is_gone(
    declared: dict[str, Any], seen: dict[str, Any], now: dict[str, Any]
) -> None:
    inputs = {**DECLARED, "functions": declared}
    before, meanwhile = (
        {name: ObservedFunction("fu", some[name]) if name in some else None for name in declared}
        for some in (seen, now)
    )
    outs = state_after(OURS, before, inputs)
    drifted = refreshed(outs, OURS, meanwhile)
    assert refreshed({**outs, "functions": drifted["functions"]}, OURS, before) == inputs


EVERYTHING = st.dictionaries(
    st.sampled_from(sorted({*FunctionOverrides.model_fields, "schedule", "kind"})),
    st.integers(0, 9),
    min_size=1,
)
TOLD = st.dictionaries(st.sampled_from(sorted(READABLE)), st.integers(0, 9), max_size=6)


@given(declared=EVERYTHING, before=TOLD, now=TOLD)
def test_only_what_modal_tells_otherwise_than_before_differs(
    declared: dict[str, Any], before: dict[str, Any], now: dict[str, Any]
) -> None:
    inputs = {**DECLARED, "functions": {"serve": declared}}
    seen, later = ({"serve": ObservedFunction("fu", settings)} for settings in (before, now))
    found = refreshed(state_after(OURS, {**seen}, inputs), OURS, {**later})["functions"]["serve"]
    differs = {key for key in {*declared, *found} if declared.get(key) != found.get(key)}
    told_otherwise = {key for key in READABLE if before.get(key) != now.get(key)}
    assert differs <= told_otherwise | {"max_in_flight"}
    if told_otherwise.isdisjoint(IN_FLIGHT):
        assert declared.get("max_in_flight") == found.get("max_in_flight")


def test_what_cannot_be_read_back_never_drifts() -> None:
    now = refreshed(state_after())
    assert now["functions"]["Model"]["env"] == {"MODE": "fast"}
    assert now["functions"]["Model"]["startup_timeout"] == 90
    assert DRIFT not in now


def test_what_modal_writes_in_another_way_never_drifts() -> None:
    as_modal_says = serve(gpu="t4", timeout=300)
    assert refreshed(state_after(functions=as_modal_says), functions=as_modal_says) == DECLARED


@pytest.mark.parametrize(
    ("settings", "changed", "gone"),
    [
        pytest.param({"gpu": "H100"}, {"gpu": "H100"}, set(), id="another GPU"),
        pytest.param({"min_containers": 1}, {"min_containers": 1}, set(), id="a bound more"),
        pytest.param(
            {"max_containers": 9}, {"max_containers": 9, "max_in_flight": 18}, set(), id="rescaled"
        ),
        pytest.param({"max_containers": None}, {}, {"max_containers", "max_in_flight"}, id="free"),
    ],
)
def test_a_setting_that_differs_shows_as_what_it_is_now(
    settings: dict[str, Any], changed: dict[str, Any], gone: set[str]
) -> None:
    now = refreshed(state_after(), functions=serve(**settings))
    declared = DECLARED["functions"]
    expected = {key: value for key, value in declared["serve"].items() if key not in gone}
    assert now["functions"] == {**declared, "serve": {**expected, **changed}}


def test_a_function_that_is_gone_shows_as_gone_and_may_come_back() -> None:
    outs = state_after()
    now = refreshed(outs, functions={**SEEN, "Model": None})
    assert list(now["functions"]) == ["serve"]
    assert refreshed({**outs, "functions": now["functions"]}) == DECLARED


THEN = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
AT = "2026-11-24T12:30:00Z"


@pytest.mark.parametrize(
    ("version", "told"),
    [
        pytest.param(
            Version(5, "deploy", 0, "ann", THEN, "4c6714e", "1.6.4", "hotfix"),
            {
                "what": "deployed, not by this stack",
                "by": "ann",
                "at": AT,
                "commit": "4c6714e",
                "client_version": "1.6.4",
                "tag": "hotfix",
            },
            id="deployed by hand",
        ),
        pytest.param(
            Version(5, "rollback", 1, "ann", THEN),
            {"what": "rolled back to version 1", "by": "ann", "at": AT},
            id="rolled back",
        ),
        pytest.param(
            Version(5, "rollover", 4, "ann"),
            {"what": "rolled over: version 4 again, in new containers", "by": "ann"},
            id="rolled over",
        ),
        pytest.param(
            Version(5, "promotion", 3),
            {"what": "version 3, which was staged, was promoted"},
            id="promoted",
        ),
        pytest.param(
            Version(4, "rollback", 1, "ann"),
            {"what": "deployed, not by this stack", "by": "bob"},
            id="a history that lags behind",
        ),
    ],
)
def test_another_version_is_told_with_what_made_it(version: Version, told: dict[str, str]) -> None:
    found = Deployment("ap-1", 5, "bob")
    drift = {"version": {**told, "declared": 2, "found": 5}}
    assert refreshed(state_after(), found, versions=(version,)) == {**DECLARED, DRIFT: drift}


def test_another_app_of_the_name_is_told_as_such() -> None:
    found, version = Deployment("ap-9", 2), Version(2, deployed_by="ann", deployed_at=THEN)
    told = {
        "what": "stopped, and deployed anew under its name",
        "declared": "ap-1",
        "found": "ap-9",
        "by": "ann",
        "at": AT,
    }
    now = refreshed(state_after(), found, versions=(version,))
    assert now == {**DECLARED, DRIFT: {"app": told}}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        pytest.param(
            {"secret hf": "st-1", "volume models": "vo-1"},
            {"secret hf": "", "volume models": "vo-1"},
            {
                "secret hf": {
                    "what": "is gone, or lacks a key that the code asks for",
                    "declared": "st-1",
                }
            },
            id="gone",
        ),
        pytest.param(
            {"volume models": "vo-1"},
            {"volume models": "vo-2"},
            {
                "volume models": {
                    "what": "is another one of that name",
                    "declared": "vo-1",
                    "found": "vo-2",
                }
            },
            id="made anew",
        ),
        pytest.param(None, {"secret hf": "st-1"}, None, id="a state of older code"),
        pytest.param({"secret hf": "st-1"}, {"secret hf": "st-1"}, None, id="still there"),
    ],
)
def test_a_need_that_is_not_the_one_it_was_is_told(
    before: dict[str, str] | None, now: dict[str, str], told: dict[str, Any] | None
) -> None:
    expected = {**DECLARED, DRIFT: told} if told else DECLARED
    assert refreshed(state_after(needs=before), needs=now) == expected


def test_an_app_whose_deploy_was_not_seen_to_its_end_is_ours() -> None:
    """A partial failure keeps the id, and knows no version."""
    outs = {**DECLARED, "app_id": "ap-1", "version": 0}
    assert refreshed(outs) == DECLARED
    assert DRIFT in refreshed(outs, Deployment("ap-9", 1))


def test_drift_of_an_earlier_refresh_is_not_kept() -> None:
    outs = {**state_after(), DRIFT: {"version": "long ago"}}
    assert refreshed(outs) == DECLARED
