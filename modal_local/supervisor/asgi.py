"""ASGI events <-> the messages in which they travel between ingress and container."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from modal_proto import api_pb2

Event = Mapping[str, Any]
_Asgi = api_pb2.Asgi


def encode_event(event: Event) -> bytes:
    """An event for the container."""
    kind = event["type"]
    encode = _ENCODERS.get(kind)
    message = encode(event) if encode is not None else _Asgi()
    return message.SerializeToString(deterministic=True)


def decode_event(data: bytes) -> Event | None:
    """An event from the container; None for kinds that do not travel."""
    message = _Asgi.FromString(data)
    kind = message.WhichOneof("type")
    decode = _DECODERS.get(kind) if kind is not None else None
    return decode(message) if decode is not None else None


def _pairs(flat: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    return list(zip(flat[::2], flat[1::2], strict=False))


def _http_request(event: Event) -> api_pb2.Asgi:
    return _Asgi(
        http_request=_Asgi.HttpRequest(
            body=event.get("body", b""), more_body=event.get("more_body", False)
        )
    )


def _websocket_receive(event: Event) -> api_pb2.Asgi:
    message = _Asgi.WebsocketReceive()
    if event.get("bytes") is not None:
        message.bytes = event["bytes"]
    elif event.get("text") is not None:
        message.text = event["text"]
    return _Asgi(websocket_receive=message)


def _websocket_disconnect(event: Event) -> api_pb2.Asgi:
    return _Asgi(websocket_disconnect=_Asgi.WebsocketDisconnect(code=event.get("code", 1005)))


def _response_start(message: api_pb2.Asgi) -> Event:
    start = message.http_response_start
    return {
        "type": "http.response.start",
        "status": start.status,
        "headers": _pairs(start.headers),
        "trailers": start.trailers,
    }


def _response_body(message: api_pb2.Asgi) -> Event:
    body = message.http_response_body
    return {"type": "http.response.body", "body": body.body, "more_body": body.more_body}


def _response_trailers(message: api_pb2.Asgi) -> Event:
    trailers = message.http_response_trailers
    return {
        "type": "http.response.trailers",
        "headers": _pairs(trailers.headers),
        "more_trailers": trailers.more_trailers,
    }


def _websocket_accept(message: api_pb2.Asgi) -> Event:
    accept = message.websocket_accept
    return {
        "type": "websocket.accept",
        "subprotocol": accept.subprotocol if accept.HasField("subprotocol") else None,
        "headers": _pairs(accept.headers),
    }


def _websocket_send(message: api_pb2.Asgi) -> Event:
    sent = message.websocket_send
    if sent.HasField("bytes"):
        return {"type": "websocket.send", "bytes": sent.bytes}
    return {"type": "websocket.send", "text": sent.text}


def _websocket_close(message: api_pb2.Asgi) -> Event:
    close = message.websocket_close
    code = close.code if close.HasField("code") else 1000
    return {"type": "websocket.close", "code": code, "reason": close.reason}


_ENCODERS: Final[Mapping[str, Callable[[Event], api_pb2.Asgi]]] = {
    "http.request": _http_request,
    "http.disconnect": lambda _: _Asgi(http_disconnect=_Asgi.HttpDisconnect()),
    "websocket.connect": lambda _: _Asgi(websocket_connect=_Asgi.WebsocketConnect()),
    "websocket.receive": _websocket_receive,
    "websocket.disconnect": _websocket_disconnect,
}
_DECODERS: Final[Mapping[str, Callable[[api_pb2.Asgi], Event]]] = {
    "http_response_start": _response_start,
    "http_response_body": _response_body,
    "http_response_trailers": _response_trailers,
    "websocket_accept": _websocket_accept,
    "websocket_send": _websocket_send,
    "websocket_close": _websocket_close,
}
