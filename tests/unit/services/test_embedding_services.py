"""The embedding services' HTTP faces, around models that are quick to make."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest

from services import batched_embeddings, embeddings
from tests.fakes.asgi_client import AsgiClient


class LetterModel:
    """Two numbers per sentence: whether it begins with a vowel, whether it does not."""

    device = "cpu"
    loaded_at = datetime(2026, 1, 2, tzinfo=UTC)
    load_seconds = 1.5

    def embed(self, sentences: list[str]) -> list[list[float]]:
        return [[1.0, 0.0] if sentence[0] in "aeiou" else [0.0, 1.0] for sentence in sentences]


async def letter_embedding(sentence: str) -> object:
    return {"vector": [float(len(sentence))], "batch_size": 1, "device": "cpu", "container": "c"}


@pytest.fixture
def client() -> AsgiClient:
    model = cast("embeddings.SentenceModel", LetterModel())
    return AsgiClient(embeddings.web_app(model, "container-1"))


@pytest.fixture
def front() -> AsgiClient:
    return AsgiClient(batched_embeddings.web_app(letter_embedding))


def test_similarity_is_a_matrix_of_cosines(client: AsgiClient) -> None:
    answer = client.post("/similarity", json={"sentences": ["apple", "egg", "stone"]}).json()
    assert answer["similarity"] == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_a_cosine_never_leaves_its_range() -> None:
    assert embeddings.cosines([[1.0000001]]) == [[1.0]]


def test_embeddings_come_with_model_device_and_dimensions(client: AsgiClient) -> None:
    assert client.post("/embed", json={"sentences": ["apple"]}).json() == {
        "model": "sentence-transformers/all-MiniLM-L6-v2",
        "device": "cpu",
        "dimensions": 2,
        "embeddings": [[1, 0]],
    }


def test_health_tells_which_container_loaded_the_model_and_when(client: AsgiClient) -> None:
    health = client.get("/health").json()
    assert health["container"] == "container-1"
    assert health["loaded_at"] == "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/embed", {"sentences": []}, id="no sentence"),
        pytest.param("/embed", {"sentences": [""]}, id="an empty sentence"),
        pytest.param("/embed", {"sentences": ["a"] * 257}, id="too many sentences"),
        pytest.param("/embed", {"sentences": ["a" * 10_001]}, id="a sentence too long"),
        pytest.param("/embed", {"sentences": "a"}, id="not a list"),
        pytest.param("/embed", {"sentences": ["a"], "model": "b"}, id="an unknown key"),
        pytest.param("/similarity", {"sentences": ["a"]}, id="nothing to compare with"),
        pytest.param("/similarity", {"sentences": ["a"] * 65}, id="too many to compare"),
    ],
)
def test_a_bad_request_is_refused_by_its_place(
    client: AsgiClient, path: str, body: dict[str, object]
) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "body"


def test_the_front_keeps_the_order_of_the_sentences(front: AsgiClient) -> None:
    answer = front.post("/embed", json={"sentences": ["abc", "a", "ab"]}).json()
    assert [embedding["vector"] for embedding in answer["embeddings"]] == [[3], [1], [2]]


def test_the_front_says_what_it_batches(front: AsgiClient) -> None:
    health = front.get("/health").json()
    assert (health["max_batch_size"], health["in_flight"]) == (16, 64)


def test_both_have_documentation(client: AsgiClient, front: AsgiClient) -> None:
    assert client.get("/docs").status_code == front.get("/docs").status_code == 200
