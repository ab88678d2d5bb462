"""Pulumi's properties become plain JSON, whatever is in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import UNKNOWN, Unknown

from pulumi_modal.provider.props import PROVIDER_KEY, has_unknown, plain

WHOLE = st.integers(min_value=-(2**53), max_value=2**53)
LEAVES = st.none() | st.booleans() | WHOLE | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
PROPS = st.dictionaries(
    st.text(max_size=5).filter(lambda name: name != PROVIDER_KEY), JSON, max_size=3
)


def as_pulumi_sends(value: Any) -> Any:
    """All numbers are floats on the way."""
    return json.loads(json.dumps(value), parse_int=float)


@given(PROPS)
def test_whole_numbers_come_back_as_ints_at_any_depth(props: dict[str, Any]) -> None:
    found = plain(as_pulumi_sends(props))
    assert json.dumps(found, sort_keys=True) == json.dumps(props, sort_keys=True)


@given(PROPS)
def test_plain_properties_stay_as_they_are(props: dict[str, Any]) -> None:
    assert plain(plain(props)) == plain(props) == props


@given(st.floats(allow_nan=False, allow_infinity=False).filter(lambda one: not one.is_integer()))
def test_fractions_stay_floats(number: float) -> None:
    assert plain({"cpu": [number]}) == {"cpu": [number]}


@pytest.mark.parametrize("odd", [float("inf"), float("-inf"), float("nan")])
def test_odd_floats_do_no_harm(odd: float) -> None:
    assert str(plain({"x": odd})["x"]) == str(odd)


def test_the_engines_own_key_is_left_out_and_truth_stays_truth() -> None:
    found = plain({PROVIDER_KEY: "pickle", "on": True, "inner": {PROVIDER_KEY: "kept"}})
    assert found == {"on": True, "inner": {PROVIDER_KEY: "kept"}}
    assert found["on"] is True


@given(JSON)
def test_nothing_known_is_unknown(value: Any) -> None:
    assert not has_unknown(value)


@given(JSON, JSON, st.just(UNKNOWN))
def test_an_unknown_is_found_anywhere(left: Any, right: Any, unknown: Unknown) -> None:
    assert has_unknown(unknown)
    assert has_unknown([left, {"a": right, "b": [unknown]}, left])
    assert has_unknown({"a": (left, unknown)})
    assert has_unknown(plain({"a": {"b": [left, unknown]}}))
