"""A stateless function: long texts cut into passages that an embedding model can take.

One request per container, no model and no GPU. Deploy it alone with `modal deploy
services/passages.py`; Python callers use `split.remote(text)`, others POST to `/split`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Self

import modal
from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from fastapi import FastAPI

app = modal.App("passages")
image = modal.Image.debian_slim(python_version="3.11").pip_install(
    "fastapi==0.165.0", "pydantic==2.14.3"
)

_WORD = re.compile(r"\S+")
# A mark that ends a sentence, closing quotes, a space; or an empty line.
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n\s*\n")


class SplitRequest(BaseModel):
    """A text, and how long its passages may be."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=1_000_000)]
    max_words: Annotated[int, Field(ge=10, le=2_000)] = 120
    overlap_words: Annotated[int, Field(ge=0, le=500)] = 0

    @model_validator(mode="after")
    def _overlap_is_smaller(self) -> Self:
        if self.overlap_words * 2 > self.max_words:
            raise ValueError("overlap_words must not exceed half of max_words")
        return self


class Passage(BaseModel):
    """A stretch of the text: `text[start:end]`."""

    start: int
    end: int
    words: int
    text: str


class SplitResponse(BaseModel):
    """The passages in the order of the text."""

    passages: list[Passage]
    container: str


class Health(BaseModel):
    """What this container runs."""

    status: str
    container: str


def split_text(request: SplitRequest) -> list[Passage]:
    """Whole sentences while they fit; a sentence that is too long is cut between words."""
    passages: list[Passage] = []
    held: list[tuple[int, int]] = []
    fresh = 0
    for sentence in _sentences(request.text):
        for piece in _pieces(sentence, request.max_words - request.overlap_words):
            if fresh and len(held) + len(piece) > request.max_words:
                passages.append(_passage(request.text, held))
                held = held[-request.overlap_words :] if request.overlap_words else []
                fresh = 0
            held += piece
            fresh += len(piece)
    if fresh:
        passages.append(_passage(request.text, held))
    return passages


def _sentences(text: str) -> Iterator[list[tuple[int, int]]]:
    """The words of each sentence, as (start, end) in the text."""
    start = 0
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    for end in [*ends, len(text)]:
        words = [match.span() for match in _WORD.finditer(text, start, end)]
        if words:
            yield words
        start = end


def _pieces(words: list[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    for start in range(0, len(words), size):
        yield words[start : start + size]


def _passage(text: str, words: list[tuple[int, int]]) -> Passage:
    start, end = words[0][0], words[-1][1]
    return Passage(start=start, end=end, words=len(words), text=text[start:end])


@app.function(image=image, cpu=0.5, memory=512, max_containers=4, timeout=60)
def split(text: str, max_words: int = 120, overlap_words: int = 0) -> list[dict[str, object]]:
    """For callers in Python; answers what `/split` answers, as plain dictionaries."""
    request = SplitRequest(text=text, max_words=max_words, overlap_words=overlap_words)
    return [passage.model_dump() for passage in split_text(request)]


@app.function(image=image, cpu=0.5, memory=512, max_containers=4, timeout=60)
@modal.asgi_app()
def web() -> FastAPI:
    """The HTTP face; its documentation is at /docs."""
    return web_app(os.environ.get("MODAL_TASK_ID", "local"))


def web_app(container: str) -> FastAPI:
    """Splits in this process: a container that takes one request has nothing else to do."""
    from fastapi import FastAPI

    front = FastAPI(title="Passages", summary="Long texts cut into passages")

    @front.get("/health")
    def health() -> Health:
        return Health(status="ok", container=container)

    @front.post("/split")
    def split_passages(request: SplitRequest) -> SplitResponse:
        return SplitResponse(passages=split_text(request), container=container)

    return front
