"""A stack's settings become the funnel's arguments, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.source.settings import (
    ARGUMENT,
    WITH_OBJECTS,
    inputs_per_container,
    simple_arguments,
)
from pulumi_modal.spec.overrides import FunctionOverrides

CODE: dict[str, Any] = {
    **dict.fromkeys(ARGUMENT.values()),
    "timeout": 300,
    "startup_timeout": 300,
    "single_use_containers": False,
}
BATCHED = CODE | {"batch_max_size": 4, "batch_wait_ms": 10}
FEW = st.integers(min_value=1, max_value=10)
COUNTS = st.integers(min_value=10, max_value=1000)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "gpu": st.sampled_from(["T4", "H100:2"]),
        "timeout": COUNTS,
        "startup_timeout": COUNTS,
        "min_containers": FEW,
        "max_containers": COUNTS,
        "max_inputs": COUNTS,
        "target_inputs": FEW,
        "max_batch_size": COUNTS,
        "cloud": st.sampled_from(["aws", "gcp"]),
    },
)


def test_every_setting_of_a_stack_has_its_place_in_the_code() -> None:
    known = {*ARGUMENT, *WITH_OBJECTS, "max_in_flight"}
    assert set(FunctionOverrides.model_fields) == known


@given(SETTINGS)
def test_every_setting_becomes_its_argument_and_no_other_one(settings: dict[str, Any]) -> None:
    found, refused = simple_arguments(settings, BATCHED, is_server=False)
    moved = {"startup_timeout"} if "timeout" in settings else set()
    assert refused == []
    assert {ARGUMENT[key]: value for key, value in settings.items()}.items() <= found.items()
    assert found.keys() - {ARGUMENT[key] for key in settings} <= moved


@given(SETTINGS, SETTINGS)
def test_settings_merged_before_or_after_give_the_same(
    below: dict[str, Any], above: dict[str, Any]
) -> None:
    both, _ = simple_arguments({**below, **above}, BATCHED, is_server=False)
    first, _ = simple_arguments(below, BATCHED, is_server=False)
    second, _ = simple_arguments(above, BATCHED, is_server=False)
    implied = {"startup_timeout"}
    explicit = {key: value for key, value in {**first, **second}.items() if key not in implied}
    assert {key: value for key, value in both.items() if key not in implied} == explicit


@given(max_inputs=COUNTS, containers=COUNTS)
def test_an_in_flight_cap_gives_exactly_its_containers(max_inputs: int, containers: int) -> None:
    settings = {"max_in_flight": max_inputs * containers, "max_inputs": max_inputs}
    found, refused = simple_arguments(settings, CODE, is_server=False)
    assert refused == []
    assert (
        found["max_containers"] * inputs_per_container(max_inputs, None)
        == (settings["max_in_flight"])
    )


def test_a_timeout_moves_a_startup_timeout_that_code_left_equal() -> None:
    found, _ = simple_arguments({"timeout": 900}, CODE, is_server=False)
    assert found == {"timeout": 900, "startup_timeout": 900}


def test_a_timeout_leaves_a_startup_timeout_that_code_chose() -> None:
    found, _ = simple_arguments({"timeout": 900}, CODE | {"startup_timeout": 20}, is_server=False)
    assert found == {"timeout": 900}


def test_pairs_of_request_and_limit_become_tuples() -> None:
    found, _ = simple_arguments({"memory": [1, 2], "region": ["us", "eu"]}, CODE, is_server=False)
    assert found == {"memory": (1, 2), "region": ["us", "eu"]}


@pytest.mark.parametrize(
    ("settings", "code", "is_server", "said"),
    [
        pytest.param({"wait_ms": 4}, CODE, False, "not batched", id="unbatched"),
        pytest.param({"retries": 4}, CODE, True, "does not retry", id="server"),
        pytest.param({"scaleup_window": 4}, CODE, False, "only servers", id="not a server"),
        pytest.param({"schedule": "x"}, CODE, False, "belongs to the code", id="schedule"),
        pytest.param({"colour": 4}, CODE, False, "no such setting", id="unknown"),
        pytest.param(
            {"max_inputs": 4},
            CODE | {"single_use_containers": True},
            False,
            "one input",
            id="single use",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_left_out(
    settings: dict[str, Any],
    code: dict[str, Any],
    is_server: bool,  # noqa: FBT001  # a column of the table above
    said: str,
) -> None:
    found, (sentence,) = simple_arguments(settings, code, is_server=is_server)
    assert found == {}
    assert sentence.startswith(f"{next(iter(settings))}: ")
    assert said in sentence
