"""An answer is the expected one, or the first difference is told with its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.spec.expectation import difference

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON)
def test_every_answer_is_what_it_is(answer: Any) -> None:
    assert difference(answer, answer) == ""


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4), st.data())
def test_a_map_may_have_more_keys_and_never_fewer(
    answer: dict[str, Any], data: st.DataObject
) -> None:
    kept = data.draw(st.sets(st.sampled_from(sorted(answer)))) if answer else set()
    assert difference({name: answer[name] for name in kept}, answer) == ""
    for name in answer:
        rest = {one: answer[one] for one in answer if one != name}
        assert difference(answer, rest).endswith("is missing")


@pytest.mark.parametrize(
    ("expected", "answer", "said"),
    [
        pytest.param(1, 1.0, "", id="numbers by value"),
        pytest.param(0.1, 0.1 + 1e-9, "", id="to a millionth"),
        pytest.param(0.1, 0.11, "it is 0.11, not 0.1", id="and not more"),
        pytest.param(1, True, "it is true, not 1", id="true is no number"),
        pytest.param("1", 1, 'it is 1, not "1"', id="a text is no number"),
        pytest.param(None, 0, "it is 0, not null", id="null"),
        pytest.param({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1] is 3, not 2", id="deep"),
        pytest.param([1, 2], [1], "it has 1 elements, not 2", id="a shorter list"),
        pytest.param({"a": []}, {"a": "x"}, 'a is "x", not a list', id="no list"),
        pytest.param({}, [], "it is [], not a map", id="no map"),
        pytest.param({}, {"a": 1}, "", id="any map"),
        pytest.param([1, 2], (1, 2), "", id="a tuple is a list"),
        pytest.param("x", b"x", "it is b'x', not \"x\"", id="bytes are no text"),
    ],
)
def test_where_an_answer_differs(expected: Any, answer: Any, said: str) -> None:
    assert difference(expected, answer) == said


def test_long_values_are_cut() -> None:
    assert len(difference("a" * 500, "b" * 500)) < 150
