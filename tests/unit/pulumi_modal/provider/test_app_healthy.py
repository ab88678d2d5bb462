"""A state knows which version was healthy last, and what it was made of."""

from __future__ import annotations

from typing import Any

from pulumi_modal.provider.app_drift import DEPLOYED
from pulumi_modal.provider.app_healthy import (
    HEALTHY,
    healthy_of,
    marked_healthy,
    still_healthy,
    way_back,
)
from pulumi_modal.provider.props import secret
from tests.fakes.apps import a_plan, app_inputs

FIRST = app_inputs(a_plan("one"))
SECOND = app_inputs(a_plan("two"))


def outs(inputs: dict[str, Any], version: int, app_id: str = "ap-1") -> dict[str, Any]:
    here = {"app_id": app_id, "version": version}
    return {**inputs, **here, DEPLOYED: {**here, "declared": inputs["functions"]}}


def test_a_version_that_was_found_ready_is_the_healthy_one() -> None:
    found = healthy_of(marked_healthy(outs(FIRST, 3)))
    assert found is not None
    assert (found.app_id, found.version, found.inputs) == ("ap-1", 3, FIRST)


def test_a_version_that_was_never_asked_is_not_known_to_be_healthy() -> None:
    assert healthy_of(outs(FIRST, 3)) is None
    assert healthy_of({}) is None


def test_what_was_deployed_over_it_is_gone_back_from() -> None:
    found = way_back(marked_healthy(outs(FIRST, 3)), outs(SECOND, 4))
    assert found is not None
    assert (found.version, found.inputs) == (3, FIRST)


def test_after_two_failures_the_way_leads_to_what_was_healthy() -> None:
    before = healthy_of(marked_healthy(outs(FIRST, 3)))
    assert before is not None
    failed = {**outs(SECOND, 4), HEALTHY: before.kept()}
    found = way_back(failed, outs(SECOND, 5))
    assert found is not None
    assert (found.version, found.inputs) == (3, FIRST)


def test_there_is_no_way_back_to_itself_or_to_another_app() -> None:
    healthy = marked_healthy(outs(FIRST, 3))
    assert way_back(healthy, outs(FIRST, 3)) is None
    assert way_back(healthy, outs(SECOND, 1, "ap-2")) is None


def test_a_foreign_version_does_not_hide_the_healthy_one() -> None:
    seen = {**marked_healthy(outs(FIRST, 3)), "version": 4}  # as a refresh tells it
    found = way_back(seen, outs(SECOND, 5))
    assert found is not None
    assert found.version == 3


def test_inputs_of_a_healthy_version_are_a_secret_of_the_state() -> None:
    before = healthy_of(marked_healthy(outs(FIRST, 3)))
    assert before is not None
    kept = before.kept()
    assert kept["inputs"] == secret(FIRST)
    told = {**kept, "inputs": FIRST}  # as the engine hands it on
    for state in ({HEALTHY: told}, {HEALTHY: kept}):
        assert still_healthy(state) == {HEALTHY: kept}
    assert still_healthy(marked_healthy(outs(FIRST, 3)))[HEALTHY] == {
        "app_id": "ap-1",
        "version": 3,
    }
    assert still_healthy({}) == {}
