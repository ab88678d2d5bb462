"""Explanations are one line, whatever was raised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.source.explain import MAX_LENGTH, TalksToModal, explain, one_line


@given(st.text(max_size=2000))
def test_any_text_becomes_one_short_line(text: str) -> None:
    for error in (ValueError(text), KeyError(text), SystemExit(text), SyntaxError(text)):
        said = explain(error)
        assert "\n" not in said
        assert 0 < len(said) <= MAX_LENGTH


def test_a_key_error_of_a_dictionary_is_no_missing_variable() -> None:
    with pytest.raises(KeyError) as caught:
        dict[str, int]()["x"]
    assert explain(caught.value) == "KeyError: 'x'; importing the file must succeed"


def test_an_ordinary_end_of_file_is_not_input() -> None:
    assert explain(EOFError("ran out")) == "EOFError: ran out; importing the file must succeed"


def test_an_attribute_of_something_else_is_not_an_old_name() -> None:
    error = AttributeError("'Cat' object has no attribute 'gpu'", name="gpu")
    assert explain(error).startswith("AttributeError: 'Cat' object")


def test_a_call_is_named() -> None:
    assert "(call VolumeList)" in explain(TalksToModal("VolumeList"))


def test_one_line_keeps_short_text() -> None:
    assert one_line("a\n  b") == "a b"
