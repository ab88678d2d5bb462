"""A detailed diff names every leaf that differs, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.provider.detailed import differences

LEAVES = (
    st.integers(1, 3)
    | st.text("ab", min_size=1, max_size=2)
    | st.lists(st.integers(), min_size=1, max_size=2)
)
MAPS = st.recursive(
    st.dictionaries(st.text("xyz", min_size=1, max_size=2), LEAVES, max_size=3),
    lambda inner: st.dictionaries(
        st.text("xyz", min_size=1, max_size=2), inner | LEAVES, max_size=3
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, {"a.b": "update"}, id="update"),
        pytest.param({"a": {}}, {"a": {"b": 2}}, {"a.b": "add"}, id="add"),
        pytest.param({"a": 1}, {}, {"a": "delete"}, id="delete"),
        pytest.param({"a": None, "b": {}}, {}, {}, id="nothing said"),
        pytest.param({"a": 0}, {"a": False}, {}, id="as the engine counts"),
        pytest.param({"a": 0}, {}, {"a": "delete"}, id="zero says something"),
        pytest.param(
            {"a": {"/r/x.py": 1}}, {"a": {"/r/x.py": 2}}, {'a["/r/x.py"]': "update"}, id="quoted"
        ),
        pytest.param({"a": [1]}, {"a": [1, 2]}, {"a": "update"}, id="lists are leaves"),
    ],
)
def test_where_two_maps_differ(old: Any, new: Any, paths: dict[str, str]) -> None:
    assert differences(old, new) == paths


@given(MAPS)
def test_a_map_does_not_differ_from_itself(one: dict[str, Any]) -> None:
    assert differences(one, one) == {}


@given(MAPS, MAPS)
def test_back_is_forth_the_other_way_round(old: dict[str, Any], new: dict[str, Any]) -> None:
    other = {"add": "delete", "delete": "add", "update": "update"}
    forth = differences(old, new)
    assert differences(new, old) == {path: other[kind] for path, kind in forth.items()}
