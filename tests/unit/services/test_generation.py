"""The generation service's HTTP face, around a model that is quick to make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

from services import generation
from services.generation import GenerateRequest, GenerateResponse, PromptTooLong
from tests.fakes.asgi_client import AsgiClient


class Echo:
    """Answers with the words of the prompt; breaks when it meets the word `break`."""

    name, device, dtype = "echo", "cpu", "float32"
    loaded_at = datetime(2026, 1, 2, tzinfo=UTC)
    load_seconds = 1.5

    def generate(self, request: GenerateRequest) -> GenerateResponse:
        self._check(request)
        return GenerateResponse(
            model=self.name,
            device=self.device,
            dtype=self.dtype,
            text=request.prompt,
            prompt_tokens=1,
            generated_tokens=1,
            seconds=0.1,
        )

    def stream(self, request: GenerateRequest) -> Iterator[str]:
        self._check(request)
        return self._words(request.prompt)

    def _words(self, prompt: str) -> Iterator[str]:
        for word in prompt.split():
            if word == "break":
                raise ValueError("a broken model")
            yield word

    def _check(self, request: GenerateRequest) -> None:
        if len(request.prompt) > 100:
            raise PromptTooLong("prompt of 101 tokens")


@pytest.fixture
def client() -> AsgiClient:
    return AsgiClient(generation.web_app(cast("generation.LanguageModel", Echo()), "container-1"))


def test_a_stream_is_server_sent_events_that_end_with_done(client: AsgiClient) -> None:
    answer = client.post("/stream", json={"prompt": "two words"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == (
        'data: {"text":"two"}\n\ndata: {"text":"words"}\n\nevent: done\ndata: {}\n\n'
    )


def test_a_failure_in_the_middle_of_a_stream_is_its_last_event(client: AsgiClient) -> None:
    answer = client.post("/stream", json={"prompt": "two break more"})
    assert answer.text.endswith('event: error\ndata: {"error":"ValueError: a broken model"}\n\n')


@pytest.mark.parametrize("path", ["/generate", "/stream"])
def test_a_prompt_beyond_the_context_is_a_422(client: AsgiClient, path: str) -> None:
    answer = client.post(path, json={"prompt": "x" * 101})
    assert (answer.status_code, answer.json()) == (422, {"detail": "prompt of 101 tokens"})


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"prompt": ""}, id="an empty prompt"),
        pytest.param({"prompt": "a", "max_new_tokens": 0}, id="nothing to generate"),
        pytest.param({"prompt": "a", "temperature": 2.1}, id="too hot"),
        pytest.param({"prompt": "a", "top_p": 0}, id="no probability"),
        pytest.param({"prompt": "a", "seed": 1}, id="an unknown key"),
    ],
)
def test_a_bad_request_is_refused(client: AsgiClient, body: dict[str, object]) -> None:
    assert client.post("/generate", json=body).status_code == 422


def test_health_names_model_device_and_precision(client: AsgiClient) -> None:
    health = client.get("/health").json()
    assert (health["model"], health["device"], health["dtype"]) == ("echo", "cpu", "float32")
