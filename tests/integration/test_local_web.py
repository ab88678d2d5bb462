"""Web endpoints of a running local Modal, as their visitors meet them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import modal
import pytest
import websockets

from tests.fakes.local_modal import LocalModalServer, local_modal

DEADLINE_S = 90
APP = """
import asyncio, os
import modal

app = modal.App("web")
image = modal.Image.debian_slim().pip_install("fastapi")


@app.function(image=image, max_containers=1)
@modal.concurrent(max_inputs=20)
@modal.asgi_app()
def site():
    from fastapi import FastAPI, WebSocket
    from fastapi.responses import StreamingResponse

    web = FastAPI()
    gate = asyncio.Event()

    @web.get("/events")
    async def events():
        async def lines():
            yield "data: first\\n\\n"
            await gate.wait()
            yield "data: last\\n\\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    @web.post("/open")
    async def open_gate():
        gate.set()

    @web.websocket("/shout")
    async def shout(socket: WebSocket):
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(text.upper())

    return web


@app.function()
@modal.asgi_app()
def echo():
    async def answer(scope, receive, send):
        headers = [(b"x-task", os.environ["MODAL_TASK_ID"].encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        more = True
        while more:
            event = await receive()
            more = event.get("more_body", False)
            piece = {"type": "http.response.body", "body": event["body"], "more_body": more}
            await send(piece)

    return answer


@app.cls(image=image)
class Model:
    @modal.enter()
    def load(self):
        self.word = "loaded"

    @modal.fastapi_endpoint(method="POST", docs=True)
    def predict(self, item: dict):
        return {"word": self.word, **item}


@app.function(image=image)
@modal.fastapi_endpoint(requires_proxy_auth=True)
def secret():
    return "for you"


@app.function()
@modal.asgi_app()
def broken():
    os._exit(4)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    folder = tmp_path_factory.mktemp("web")
    (folder / "web.py").write_text(APP)
    with local_modal(folder) as running:
        running.deploy(folder / "web.py")
        yield running


def url_of(server: LocalModalServer, function: str, app: str = "web") -> str:
    with server.client() as client:
        if "." in function:
            name, _, method = function.partition(".")
            found = getattr(modal.Cls.from_name(app, name, client=client)(), method)
        else:
            found = modal.Function.from_name(app, function, client=client)
        return str(found.get_web_url())


def visitor(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=DEADLINE_S, trust_env=False)


async def test_events_arrive_while_others_are_still_to_come(server: LocalModalServer) -> None:
    url = await asyncio.to_thread(url_of, server, "site")
    async with visitor(url) as http, http.stream("GET", "/events") as events:
        lines = events.aiter_lines()
        assert events.headers["content-type"].startswith("text/event-stream")
        assert await anext(lines) == "data: first"
        await http.post("/open")  # only now can the last one be sent
        assert [line async for line in lines if line] == ["data: last"]


async def test_a_body_of_unknown_length_streams_in_both_directions(
    server: LocalModalServer,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000

    url = await asyncio.to_thread(url_of, server, "echo")
    async with visitor(url) as http:
        answer = await http.post("/", content=pieces())
    assert answer.content == b"x" * 3_000_000
    assert answer.headers["x-task"].startswith("ta-")


async def test_a_websocket_talks(server: LocalModalServer) -> None:
    url = await asyncio.to_thread(url_of, server, "site")
    address = url.replace("http://", "ws://") + "/shout"
    async with asyncio.timeout(DEADLINE_S), websockets.connect(address, proxy=None) as socket:
        for word in ("one", "two"):
            await socket.send(word)
            assert await socket.recv() == word.upper()


async def test_an_endpoint_of_a_class_has_its_documentation(server: LocalModalServer) -> None:
    url = await asyncio.to_thread(url_of, server, "Model.predict")
    async with visitor(url) as http:
        assert (await http.post("/", json={"a": 1})).json() == {"word": "loaded", "a": 1}
        assert (await http.post("/", content=b"nonsense")).status_code == 422
        assert "swagger" in (await http.get("/docs")).text


async def test_an_endpoint_with_proxy_auth_wants_a_token(server: LocalModalServer) -> None:
    def token() -> tuple[str, str]:
        with server.client() as client:
            made = modal.Workspace.from_context(client=client).proxy_tokens.create()
        return made.token_id, made.token_secret

    url = await asyncio.to_thread(url_of, server, "secret")
    token_id, secret = await asyncio.to_thread(token)
    async with visitor(url) as http:
        assert (await http.get("/")).status_code == 401
        headers = {"Modal-Key": token_id, "Modal-Secret": "guess"}
        assert (await http.get("/", headers=headers)).status_code == 401
        headers["Modal-Secret"] = secret
        assert (await http.get("/", headers=headers)).json() == "for you"


async def test_an_app_that_does_not_start_answers_with_an_error(server: LocalModalServer) -> None:
    url = await asyncio.to_thread(url_of, server, "broken")
    async with visitor(url) as http:
        answer = await http.get("/")
    assert answer.status_code == 500
    assert "do not start" in answer.json()["error"]


LISTENING = """
import subprocess, sys
import modal

app = modal.App({name!r})
SERVER = '''
import http.server, urllib.request

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        address = self.path.partition("?")[2]
        body = urllib.request.urlopen(address).read() if address else {name!r}.encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
'''


@app.function(max_containers=1)
@modal.concurrent(max_inputs=10)
@modal.web_server(8000, startup_timeout=60)
def site():
    subprocess.Popen([sys.executable, "-c", SERVER])
"""


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello from outside")
    writer.close()


async def test_programs_that_listen_on_one_port_do_not_meet_and_reach_the_world(
    server: LocalModalServer, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.py").write_text(LISTENING.format(name=name))
        await asyncio.to_thread(server.deploy, tmp_path / f"{name}.py")
        async with visitor(await asyncio.to_thread(url_of, server, "site", name)) as http:
            answer = await http.get("/")
        if "this machine does not give" in answer.text:
            pytest.skip(answer.text)
        assert answer.text == name
    url = await asyncio.to_thread(url_of, server, "site", "first")
    # not an address of the container's own network: it is reached through the proxy
    async with await asyncio.start_server(greet, "127.0.0.2", 0) as outside, visitor(url) as http:
        port = outside.sockets[0].getsockname()[1]
        answer = await http.get(f"/?http://127.0.0.2:{port}/")
    assert answer.text == "hello from outside"
    running = (await asyncio.to_thread(server.status))["containers"]
    assert {"first", "second"} <= {each["app"] for each in running}  # at the same time


VERSIONED = """
import asyncio
import modal

app = modal.App("versioned")


@app.function(max_containers=2)
@modal.concurrent(max_inputs=10)
@modal.asgi_app()
def site():
    async def answer(scope, receive, send):
        await asyncio.sleep(0.1)
        await send({{"type": "http.response.start", "status": 200, "headers": []}})
        await send({{"type": "http.response.body", "body": b"{version}"}})
    return answer
"""


def deploy_version(server: LocalModalServer, folder: Path, version: int) -> None:
    path = folder / "versioned.py"
    path.write_text(VERSIONED.format(version=version))
    if version == 2:  # by the command line once
        server.modal("deploy", str(path))
    else:
        server.deploy(path)


async def test_redeploys_under_load_lose_no_request(
    server: LocalModalServer, tmp_path: Path
) -> None:
    answers: list[tuple[int, str]] = []
    over = asyncio.Event()

    async def visit(http: httpx.AsyncClient) -> None:
        while not over.is_set():
            answer = await http.get("/")
            answers.append((answer.status_code, answer.text))

    async def seen(version: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while (200, str(version)) not in answers[-20:]:  # noqa: ASYNC110 - visitors tell no one
                await asyncio.sleep(0.02)

    await asyncio.to_thread(deploy_version, server, tmp_path, 1)
    url = await asyncio.to_thread(url_of, server, "site", "versioned")
    async with visitor(url) as http, asyncio.TaskGroup() as visitors:
        for _ in range(4):
            visitors.create_task(visit(http))
        await seen(1)
        for version in (2, 3, 4):
            await asyncio.to_thread(deploy_version, server, tmp_path, version)
            await seen(version)
        over.set()
    assert {status for status, _ in answers} == {200}
    assert {text for _, text in answers} == {"1", "2", "3", "4"}
