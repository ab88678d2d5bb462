"""What a build prints becomes short lines, with the last of them kept."""

from __future__ import annotations

import asyncio

import modal
import pytest
from modal_proto import api_pb2

from pulumi_modal.gateway import progress
from pulumi_modal.gateway.progress import (
    KEPT_LINES,
    LONGEST_LINE,
    ToldOutput,
    images_below,
    standing,
)
from pulumi_modal.source.sdk import inner_app


def printed(*texts: str) -> tuple[list[str], list[str]]:
    """What is told of these pieces of a log, and what is kept of it."""
    told: list[str] = []
    output = ToldOutput(told.append)
    for text in texts:
        asyncio.run(output.put_streaming_log(api_pb2.TaskLogs(data=text)))
    return told, list(output.last_lines)


def test_lines_are_told_one_by_one_without_empty_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LEAST_PAUSE_S", 0)
    told, kept = printed("one\n\n  two  \n", "three")
    assert told == ["building image: one", "building image: two", "building image: three"]
    assert kept == ["one", "two", "three"]


def test_lines_that_nobody_could_read_are_kept_and_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "LEAST_PAUSE_S", 3600)
    told, kept = printed("one\ntwo\nthree")
    assert told == ["building image: one"]
    assert kept == ["one", "two", "three"]


def test_only_the_last_lines_are_kept_and_none_is_long() -> None:
    _, kept = printed("\n".join(str(number) for number in range(100)), "x" * 10_000)
    assert len(kept) == KEPT_LINES
    assert kept[-2:] == ["99", "x" * LONGEST_LINE]


def test_a_row_says_which_of_how_many_layers_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    app = modal.App("many")
    image = modal.Image.debian_slim().pip_install("a").env({"A": "1"}).pip_install("b")
    app.function(image=image, serialized=True)(lambda: None)
    functions = inner_app(app)._local_state.functions
    images = images_below(functions.values())
    assert len(images) == 4
    assert standing(images) == " 1/4"
    for one in images[:2]:
        monkeypatch.setattr(one, "_is_hydrated", True)
    assert standing(images) == " 3/4"
    for one in images:
        monkeypatch.setattr(one, "_is_hydrated", True)
    assert standing(images) == " 4/4"
    assert standing(images[:1]) == ""
    told: list[str] = []
    output = ToldOutput(told.append, lambda: standing(images))
    asyncio.run(output.put_streaming_log(api_pb2.TaskLogs(data="Collecting b")))
    assert told == ["building image 4/4: Collecting b"]
