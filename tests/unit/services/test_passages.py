"""Cutting a text into passages: nothing is lost, nothing is too long."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.passages import SplitRequest, split, split_text, web_app
from tests.fakes.asgi_client import AsgiClient

TEXTS = st.text(alphabet="ab .!?\n\"'", min_size=1, max_size=400)


@given(TEXTS, st.integers(10, 30), st.integers(0, 5))
def test_passages_hold_every_word_in_order_and_keep_the_limit(
    text: str, max_words: int, overlap_words: int
) -> None:
    request = SplitRequest(text=text, max_words=max_words, overlap_words=overlap_words)
    found: set[int] = set()
    for passage in split_text(request):
        assert passage.text == text[passage.start : passage.end]
        assert passage.words == len(passage.text.split()) <= max_words
        assert passage.start > max(found, default=-1) or overlap_words
        found.update(_word_starts(text, passage.start, passage.end))
    assert sorted(found) == _word_starts(text, 0, len(text))


@given(TEXTS, st.integers(10, 30))
def test_without_overlap_no_word_is_in_two_passages(text: str, max_words: int) -> None:
    passages = split_text(SplitRequest(text=text, max_words=max_words))
    assert sum(passage.words for passage in passages) == len(text.split())


def test_a_passage_ends_where_a_sentence_ends() -> None:
    text = "One two three four five six. Seven eight nine ten eleven. Twelve."
    passages = split_text(SplitRequest(text=text, max_words=10))
    assert [passage.text for passage in passages] == [
        "One two three four five six.",
        "Seven eight nine ten eleven. Twelve.",
    ]


def test_passages_overlap_by_the_words_asked_for() -> None:
    text = " ".join(str(number) for number in range(30))
    passages = split_text(SplitRequest(text=text, max_words=10, overlap_words=2))
    for left, right in pairwise(passages):
        assert left.text.split()[-2:] == right.text.split()[:2]


def test_an_overlap_of_more_than_half_is_refused() -> None:
    with pytest.raises(ValidationError, match="overlap_words must not exceed half of max_words"):
        SplitRequest(text="a", max_words=10, overlap_words=6)


def test_python_callers_get_the_same_as_http_callers() -> None:
    client = AsgiClient(web_app("container-1"))
    answer = client.post("/split", json={"text": "One. Two.", "max_words": 10}).json()
    assert answer == {"passages": split.local("One. Two.", 10), "container": "container-1"}


def test_the_front_has_health_and_documentation() -> None:
    client = AsgiClient(web_app("container-1"))
    assert client.get("/health").json() == {"status": "ok", "container": "container-1"}
    assert client.get("/docs").status_code == 200


def test_an_unknown_key_is_named_in_a_422() -> None:
    answer = AsgiClient(web_app("c")).post("/split", json={"text": "a", "size": 3})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "size"]


def _word_starts(text: str, start: int, end: int) -> list[int]:
    return [
        place
        for place in range(start, end)
        if not text[place].isspace() and (place == start or text[place - 1].isspace())
    ]
