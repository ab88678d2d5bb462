"""The HTTP door for blobs: PUT and GET at addresses that are signed and expire."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self
from urllib.parse import parse_qs

from uvicorn.config import Config
from uvicorn.server import ServerState

from modal_local.ingress.route import LOOPBACK
from modal_local.model import NotFound
from modal_local.store.blobs import Blobs

VALID_S: Final = 24 * 3600
_CHUNK: Final = 1024**2
_Receive = Callable[[], Awaitable[dict[str, Any]]]
_Send = Callable[[dict[str, Any]], Awaitable[None]]


class BlobDoor:
    """One application for uploads and downloads."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._key = secrets.token_bytes(32)
        self.base_url = ""

    def upload(self, blob_id: str) -> str:
        """Where to PUT."""
        return self._address("PUT", blob_id)

    def download(self, blob_id: str) -> str:
        """Where to GET."""
        return self._address("GET", blob_id)

    async def __call__(self, scope: dict[str, Any], receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        blob_id = str(scope["path"]).removeprefix("/blobs/")
        method = str(scope["method"])
        if not self._is_signed(method, blob_id, scope["query_string"]):
            await _answer(send, 403, b"this address is not valid, or not any more\n")
            return
        try:
            if method == "PUT":
                await self._take(blob_id, receive, send)
            else:
                await self._give(blob_id, send)
        except NotFound as error:
            await _answer(send, 404, f"{error}\n".encode())

    async def _take(self, blob_id: str, receive: _Receive, send: _Send) -> None:
        target = self._blobs.path(blob_id)
        draft = self._blobs.draft()
        md5 = hashlib.md5(usedforsecurity=False)
        complete = False
        try:
            with draft.open("wb") as file:
                while not complete:
                    event = await receive()
                    if event["type"] == "http.disconnect":
                        return
                    chunk = event.get("body", b"")
                    md5.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
                    complete = not event.get("more_body", False)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        await _answer(send, 200, b"", ("etag", f'"{md5.hexdigest()}"'))

    async def _give(self, blob_id: str, send: _Send) -> None:
        path = self._blobs.path(blob_id)
        if not path.is_file():
            raise NotFound(f"blob {blob_id} does not exist any more")
        headers = [
            (b"content-type", b"application/octet-stream"),
            (b"content-length", str(path.stat().st_size).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _address(self, method: str, blob_id: str) -> str:
        expires = int(time.time()) + VALID_S
        signature = self._signature(method, blob_id, expires)
        return f"{self.base_url}/blobs/{blob_id}?expires={expires}&signature={signature}"

    def _signature(self, method: str, blob_id: str, expires: int) -> str:
        text = f"{method}\n{blob_id}\n{expires}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def _is_signed(self, method: str, blob_id: str, query: bytes) -> bool:
        given = parse_qs(query.decode("latin-1"))
        expires = given.get("expires", [""])[0]
        signature = given.get("signature", [""])[0]
        if not expires.isdecimal() or int(expires) < time.time():
            return False
        expected = self._signature(method, blob_id, int(expires))
        return hmac.compare_digest(expected.encode(), signature.encode())


class BlobListener:
    """Serves the door on a free port while entered."""

    def __init__(self, door: BlobDoor) -> None:
        self._door = door
        self._state = ServerState()
        self._config = Config(
            door,
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )

    async def __aenter__(self) -> Self:
        self._config.load()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind((LOOPBACK, 0))
        self._door.base_url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, sock=listener)
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()

    def _protocol(self) -> asyncio.Protocol:
        return self._config.http_protocol_class(  # type: ignore[call-arg]  # typed as Protocol
            config=self._config, server_state=self._state, app_state={}
        )


async def _answer(send: _Send, status: int, body: bytes, *headers: tuple[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
