"""What is kept secret is in no text, however it is written; everything else is left as it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.source.redaction import HIDDEN, SHORTEST, Redaction

CANARY = "c4n4ry-9d1f"
VALUES = st.text(st.characters(codec="utf-8"), min_size=SHORTEST).filter(
    lambda one: len(one.strip()) >= SHORTEST and one.strip() not in HIDDEN
)


def hiding(*values: object) -> Redaction:
    """One that keeps these."""
    made = Redaction()
    made.keep(*values)
    return made


@given(value=VALUES, before=st.text(max_size=5), after=st.text(max_size=5))
def test_a_value_is_in_no_text_as_it_is_or_as_json_or_as_python_writes_it(
    value: str, before: str, after: str
) -> None:
    known = hiding(value)
    for written in (value, json.dumps(value), repr(value)):
        assert value.strip() not in known.hide(f"{before} {written} {after}").replace(HIDDEN, "")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"A": {"B": [CANARY]}}, id="in maps and lists"),
        pytest.param(json.dumps({"A": CANARY}), id="in a configuration that is JSON"),
        pytest.param(f"-----BEGIN\n{CANARY}\n-----END", id="a line of it"),
    ],
)
def test_all_that_is_in_a_value_is_hidden(value: object) -> None:
    assert hiding(value).hide(f"it printed: {CANARY}!") == f"it printed: {HIDDEN}!"


def test_the_longest_value_is_hidden_first() -> None:
    assert hiding(CANARY, f"{CANARY}-longer").hide(f"{CANARY}-longer") == HIDDEN


@pytest.mark.parametrize("value", ["", "short", None, 12345678, [], {}])
def test_what_is_too_short_or_no_text_hides_nothing(value: object) -> None:
    text = "a short line of 12345678"
    assert hiding(value).hide(text) == text


def test_values_that_come_later_are_hidden_too() -> None:
    known = hiding("the first")
    known.keep("the second")
    assert known.hide("the first, the second") == f"{HIDDEN}, {HIDDEN}"
