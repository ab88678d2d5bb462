"""The HTTP door for large contents: addresses that are signed, for one purpose each, and expire."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import parse_qs, quote, unquote

from uvicorn.config import Config
from uvicorn.server import ServerState

from modal_local.errors import LocalModalError, NotFound
from modal_local.settings import LOOPBACK
from modal_local.store.store import Store
from modal_local.store.volume_files import VolumeFiles

VALID_S: Final = 24 * 3600
_CHUNK: Final = 1024**2
_Receive = Callable[[], Awaitable[dict[str, Any]]]
_Send = Callable[[dict[str, Any]], Awaitable[None]]


class BlobDoor:
    """One application for uploads and downloads."""

    def __init__(self, store: Store) -> None:
        self._blobs = store.blobs
        self._volumes = store.volumes
        self._key = secrets.token_bytes(32)
        self.port = 0
        """Where it listens, on the loopback interface."""

    def upload(self, blob_id: str) -> str:
        """Where to PUT a blob; the answer's body is its id."""
        return self._address("PUT", f"/blobs/{blob_id}")

    def download(self, blob_id: str) -> str:
        """Where to GET a blob."""
        return self._address("GET", f"/blobs/{blob_id}")

    def file_range(self, volume_id: str, path: str, start: int, length: int) -> str:
        """Where to GET a part of a file in a volume."""
        return self._address("GET", f"/volumes/{volume_id}/{start}/{length}/{path.lstrip('/')}")

    async def __call__(self, scope: dict[str, Any], receive: _Receive, send: _Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        method = str(scope["method"])
        path = unquote(scope["raw_path"].decode("latin-1").partition("?")[0])
        if not self._is_signed(method, path, scope["query_string"]):
            await _answer(send, 403, b"this address is not valid, or not any more\n")
            return
        try:
            if method == "PUT":
                await self._take(path.removeprefix("/blobs/"), receive, send)
            else:
                await _give(*self._source(path), send)
        except (LocalModalError, OSError) as error:
            await _answer(send, 404, f"{error}\n".encode())

    def _source(self, path: str) -> tuple[Path, int, int]:
        """The file behind an address, the first byte, and how many. Raises NotFound."""
        if path.startswith("/blobs/"):
            source = self._blobs.path(path.removeprefix("/blobs/"))
            if not source.is_file():
                raise NotFound("this blob does not exist any more")
            return source, 0, source.stat().st_size
        _, _, volume_id, start, length, name = path.split("/", 5)
        files = VolumeFiles(self._volumes.path(volume_id))
        source = files.file(name)
        return source, int(start), min(int(length), max(source.stat().st_size - int(start), 0))

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
        await _answer(send, 200, blob_id.encode(), ("etag", f'"{md5.hexdigest()}"'))

    def _address(self, method: str, path: str) -> str:
        expires = int(time.time()) + VALID_S
        signature = self._signature(method, path, expires)
        base_url = f"http://{LOOPBACK}:{self.port}"
        return f"{base_url}{quote(path)}?expires={expires}&signature={signature}"

    def _signature(self, method: str, path: str, expires: int) -> str:
        text = f"{method}\n{expires}\n{path}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()

    def _is_signed(self, method: str, path: str, query: bytes) -> bool:
        given = parse_qs(query.decode("latin-1"))
        expires = given.get("expires", [""])[0]
        signature = given.get("signature", [""])[0]
        if not expires.isdecimal() or int(expires) < time.time():
            return False
        expected = self._signature(method, path, int(expires))
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
        self._door.port = int(listener.getsockname()[1])
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


async def _give(source: Path, start: int, length: int, send: _Send) -> None:
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"content-length", str(length).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    with source.open("rb") as file:
        file.seek(start)
        while length and (chunk := await asyncio.to_thread(file.read, min(_CHUNK, length))):
            length -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _answer(send: _Send, status: int, body: bytes, *headers: tuple[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
