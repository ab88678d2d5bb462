"""Web events mean the same to the local Modal and to the SDK in the container."""

from __future__ import annotations

from typing import Any

import pytest
from modal._serialization import _deserialize_asgi, _serialize_asgi
from modal_proto import api_pb2

from modal_local.supervisor.asgi import decode_event, encode_event

TO_CONTAINER: list[dict[str, Any]] = [
    {"type": "http.request", "body": b"abc", "more_body": True},
    {"type": "http.request", "body": b"", "more_body": False},
    {"type": "http.disconnect"},
    {"type": "websocket.connect"},
    {"type": "websocket.receive", "bytes": b"", "text": None},
    {"type": "websocket.receive", "bytes": None, "text": "hello"},
    {"type": "websocket.disconnect", "code": 1001},
]
FROM_CONTAINER: list[dict[str, Any]] = [
    {
        "type": "http.response.start",
        "status": 201,
        "headers": [(b"a", b"1"), (b"a", b"2")],
        "trailers": False,
    },
    {"type": "http.response.body", "body": b"abc", "more_body": True},
    {"type": "http.response.trailers", "headers": [(b"a", b"1")], "more_trailers": False},
    {"type": "websocket.accept", "subprotocol": "chat", "headers": [(b"a", b"1")]},
    {"type": "websocket.accept", "subprotocol": None, "headers": []},
    {"type": "websocket.send", "bytes": b"abc"},
    {"type": "websocket.send", "text": "abc"},
    {"type": "websocket.close", "code": 1000, "reason": "done"},
]


@pytest.mark.parametrize("event", TO_CONTAINER, ids=lambda event: str(event["type"]))
def test_the_container_reads_what_was_sent(event: dict[str, Any]) -> None:
    assert _deserialize_asgi(api_pb2.Asgi.FromString(encode_event(event))) == event


@pytest.mark.parametrize("event", FROM_CONTAINER, ids=lambda event: str(event["type"]))
def test_what_the_container_says_is_read(event: dict[str, Any]) -> None:
    assert decode_event(_serialize_asgi(event).SerializeToString()) == event


def test_unknown_events_are_skipped() -> None:
    assert decode_event(_serialize_asgi({"type": "http.unknown"}).SerializeToString()) is None
