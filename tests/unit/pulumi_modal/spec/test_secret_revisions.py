"""Values of a secret are counted: what is told of them is made of no value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.spec.resources.secret import digest_of, revised

VALUES = st.dictionaries(st.sampled_from("ABCD"), st.text(max_size=3), max_size=4)


def after(*several: dict[str, str]) -> dict[str, Any]:
    """The inputs after these values, one set after the other."""
    olds: dict[str, Any] = {}
    for values in several:
        olds = {"values": values, **revised(olds, values)}
    return olds


@pytest.mark.parametrize(
    ("several", "revision", "revisions"),
    [
        pytest.param([{"A": "1"}], 1, {"A": 1}, id="the first"),
        pytest.param([{"A": "1"}, {"A": "1"}], 1, {"A": 1}, id="the same again"),
        pytest.param([{"A": "1", "B": "1"}, {"A": "2", "B": "1"}], 2, {"A": 2, "B": 1}, id="one"),
        pytest.param([{"A": "1", "B": "1"}, {"A": "1"}], 2, {"A": 1}, id="one less"),
        pytest.param([{"A": "1"}, {}, {"A": "1"}], 3, {"A": 3}, id="away and back"),
        pytest.param([{"A": "1"}, {"A": "2"}, {"A": "1"}], 3, {"A": 3}, id="as it was once"),
    ],
)
def test_a_change_of_a_value_is_a_revision(
    several: list[dict[str, str]], revision: int, revisions: dict[str, int]
) -> None:
    found = after(*several)
    assert (found["revision"], found["revisions"]) == (revision, revisions)


@given(VALUES, VALUES)
def test_nothing_is_said_of_values_but_whether_they_changed(
    first: dict[str, str], second: dict[str, str]
) -> None:
    before, now = after(first), after(first, second)
    assert (now["revision"] == before["revision"]) == (first == second)
    other = {key: f"another {value}" for key, value in first.items()}
    assert after(other)["revisions"] == before["revisions"]


def test_a_digest_is_of_a_secret_and_its_revision() -> None:
    assert digest_of("st-1", 1) == digest_of("st-1", 1)
    assert len({digest_of("st-1", 1), digest_of("st-1", 2), digest_of("st-2", 1)}) == 3
