"""Output of containers as lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modal_local.supervisor.process import LineSplitter


@given(st.text(max_size=200), st.integers(min_value=1, max_value=7))
def test_no_character_is_lost_however_output_is_cut(text: str, size: int) -> None:
    raw = text.encode()
    splitter = LineSplitter(longest=10_000)
    lines = [
        line
        for start in range(0, len(raw), size)
        for line in splitter.feed(raw[start : start + size])
    ]
    lines += splitter.rest()
    assert "".join(lines) == (text if not text or text.endswith("\n") else f"{text}\n")
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)


def test_an_endless_line_is_cut() -> None:
    splitter = LineSplitter(longest=10)
    assert splitter.feed(b"x" * 25) == ["x" * 25 + "\n"]
    assert splitter.rest() == []


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert LineSplitter(longest=10).feed(b"\xff\n") == ["\N{REPLACEMENT CHARACTER}\n"]
