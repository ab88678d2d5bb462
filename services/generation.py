"""Text generation with transformers: whole answers and streams, any model that it can load.

`GENERATION_MODEL` names the model: a Hugging Face id, or a folder in the container (on a volume,
say). Without it a tiny checkpoint with random weights is made and loaded, so that everything
can be tried without a download. Deploy it alone with `modal deploy services/generation.py`.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import modal
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import torch
    from fastapi import FastAPI
    from fastapi.responses import StreamingResponse

TINY = "tiny"
TOKEN_DEADLINE_S = 60.0  # how long the next piece of a stream may take

app = modal.App("generation")
image = (
    modal.Image.debian_slim(python_version="3.11")
    .pip_install("torch==2.15.0", "transformers==5.23.0", "fastapi==0.165.0", "pydantic==2.14.3")
    .env({"HF_HOME": "/models/huggingface"})
    .add_local_python_source("tiny_checkpoint")
)
# Weights are downloaded once, not once per container.
models = modal.Volume.from_name("generation-models", create_if_missing=True)


class GenerateRequest(BaseModel):
    """A prompt, and how to go on from it; temperature 0 always takes the likeliest token."""

    model_config = ConfigDict(extra="forbid")

    prompt: Annotated[str, Field(min_length=1, max_length=100_000)]
    max_new_tokens: Annotated[int, Field(ge=1, le=4096)] = 128
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0


class GenerateResponse(BaseModel):
    """The generated text, without the prompt."""

    model: str
    device: str
    dtype: str
    text: str
    prompt_tokens: int
    generated_tokens: int
    seconds: float


class StreamPiece(BaseModel):
    """One event of a stream: more text, or why it ended early."""

    text: str = ""
    error: str = ""


class Health(BaseModel):
    """What this container runs, and since when."""

    status: str
    model: str
    device: str
    dtype: str
    container: str
    loaded_at: datetime
    load_seconds: float


class PromptTooLong(ValueError):
    """The prompt and the tokens asked for do not fit into the model's context."""


class LanguageModel:
    """A causal language model on the best device there is, in the precision it is good at."""

    def __init__(self, name: str, revision: str | None = None) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        started = time.monotonic()
        logging.disable_progress_bar()  # a log has no use for one
        self.name = name
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = best_dtype()
        self.dtype = str(dtype).removeprefix("torch.")
        with tempfile.TemporaryDirectory() as folder:
            source = _tiny_checkpoint(Path(folder)) if name == TINY else name
            self._tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
            model = AutoModelForCausalLM.from_pretrained(source, revision=revision, dtype=dtype)
            self._model = model.to(self.device).eval()
        self.loaded_at = datetime.now(UTC)
        self.load_seconds = round(time.monotonic() - started, 3)

    def generate(self, request: GenerateRequest) -> GenerateResponse:
        """The whole answer. Raises PromptTooLong."""
        started = time.monotonic()
        tokens = self._tokens(request)
        prompt_tokens = tokens["input_ids"].shape[1]
        output = self._model.generate(**tokens, **_choices(request))[0][prompt_tokens:]
        return GenerateResponse(
            model=self.name,
            device=self.device,
            dtype=self.dtype,
            text=self._tokenizer.decode(output, skip_special_tokens=True),
            prompt_tokens=prompt_tokens,
            generated_tokens=len(output),
            seconds=round(time.monotonic() - started, 4),
        )

    def stream(self, request: GenerateRequest) -> Iterator[str]:
        """The answer in pieces, as they come; ends early when nobody listens. Raises
        PromptTooLong at the call, before the first piece.
        """
        return self._pieces(self._tokens(request), request)

    def _pieces(self, tokens: Any, request: GenerateRequest) -> Iterator[str]:
        from transformers import StoppingCriteriaList, TextIteratorStreamer

        streamer = TextIteratorStreamer(
            self._tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=TOKEN_DEADLINE_S
        )
        left = threading.Event()
        failures: list[Exception] = []

        def run() -> None:
            criteria = StoppingCriteriaList([lambda *_: left.is_set()])
            try:
                self._model.generate(
                    **tokens, **_choices(request), streamer=streamer, stopping_criteria=criteria
                )
            except Exception as error:  # noqa: BLE001 - raised again where the pieces are read
                failures.append(error)
                streamer.end()

        thread = threading.Thread(target=run, name="generate", daemon=True)
        thread.start()
        try:
            yield from (piece for piece in streamer if piece)
        finally:
            left.set()
        thread.join()
        if failures:
            raise failures[0]

    def _tokens(self, request: GenerateRequest) -> Any:
        tokens = self._tokenizer(request.prompt, return_tensors="pt").to(self.device)
        length = tokens["input_ids"].shape[1]
        room = getattr(self._model.config, "max_position_embeddings", None)
        if room is not None and length + request.max_new_tokens > room:
            raise PromptTooLong(
                f"prompt of {length} tokens and max_new_tokens {request.max_new_tokens} "
                f"exceed the model's {room} tokens"
            )
        return tokens


def best_dtype() -> torch.dtype:
    """bfloat16 on GPUs that compute with it, float16 on older ones, float32 on a CPU."""
    import torch

    if not torch.cuda.is_available():
        return torch.float32
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16


def _choices(request: GenerateRequest) -> dict[str, object]:
    if request.temperature == 0:
        return {"max_new_tokens": request.max_new_tokens, "do_sample": False}
    return {
        "max_new_tokens": request.max_new_tokens,
        "do_sample": True,
        "temperature": request.temperature,
        "top_p": request.top_p,
    }


def _tiny_checkpoint(folder: Path) -> Path:
    from tiny_checkpoint import make_checkpoint

    make_checkpoint(folder)
    return folder


@app.cls(
    image=image,
    gpu="T4",
    memory=8192,
    volumes={"/models": models},
    max_containers=2,
    timeout=300,
    startup_timeout=900,
)
@modal.concurrent(max_inputs=4, target_inputs=2)
class Generator:
    """Holds the model for as long as its container lives."""

    @modal.enter()
    def load(self) -> None:
        name = os.environ.get("GENERATION_MODEL") or TINY
        self.model = LanguageModel(name, os.environ.get("GENERATION_REVISION") or None)
        self.container = os.environ.get("MODAL_TASK_ID", "local")
        print(f"loaded {name} on {self.model.device}")  # noqa: T201 - the container's log

    @modal.method()
    def generate(self, prompt: str, max_new_tokens: int = 128) -> str:
        """For callers in Python: `Generator().generate.remote("...")`."""
        request = GenerateRequest(prompt=prompt, max_new_tokens=max_new_tokens)
        return self.model.generate(request).text

    @modal.method()
    def stream(self, prompt: str, max_new_tokens: int = 128) -> Iterator[str]:
        """For callers in Python: `Generator().stream.remote_gen("...")`."""
        request = GenerateRequest(prompt=prompt, max_new_tokens=max_new_tokens)
        yield from self.model.stream(request)

    @modal.asgi_app()
    def web(self) -> FastAPI:
        return web_app(self.model, self.container)


def web_app(model: LanguageModel, container: str) -> FastAPI:
    """The HTTP face; its documentation is at /docs."""
    from fastapi import FastAPI, HTTPException
    from fastapi.responses import StreamingResponse

    web = FastAPI(title="Generation", summary=f"Text generation by {model.name}")

    @web.get("/health")
    def health() -> Health:
        return Health(
            status="ok",
            model=model.name,
            device=model.device,
            dtype=model.dtype,
            container=container,
            loaded_at=model.loaded_at,
            load_seconds=model.load_seconds,
        )

    @web.post("/generate")
    def generate(request: GenerateRequest) -> GenerateResponse:
        try:
            return model.generate(request)
        except PromptTooLong as error:
            raise HTTPException(422, str(error)) from error

    @web.post("/stream", response_model=None)
    def stream(request: GenerateRequest) -> StreamingResponse:
        """Server-sent events; each `data:` is a StreamPiece, the last event is `done`."""
        try:
            pieces = model.stream(request)
        except PromptTooLong as error:
            raise HTTPException(422, str(error)) from error
        return StreamingResponse(_events(pieces), media_type="text/event-stream")

    return web


def _events(pieces: Iterator[str]) -> Iterator[str]:
    try:
        for piece in pieces:
            yield f"data: {StreamPiece(text=piece).model_dump_json(exclude_defaults=True)}\n\n"
    except Exception as error:  # noqa: BLE001 - the answer has begun: the stream itself says it
        failure = StreamPiece(error=f"{type(error).__name__}: {error}")
        yield f"event: error\ndata: {failure.model_dump_json(exclude_defaults=True)}\n\n"
    else:
        yield "event: done\ndata: {}\n\n"
