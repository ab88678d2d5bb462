"""`app.server` on a running local Modal: programs that listen on a port of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import modal
import pytest

from modal_local.supervisor.filesystem import RealHost
from modal_local.supervisor.probe import why_no_network, why_no_view
from tests.fakes.local_modal import LocalModalServer, local_modal

DEADLINE_S = 90
PROGRAM = """
import http.server, os, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/die":
            os._exit(1)
        if self.path == "/wait":
            time.sleep(0.1)
        body = f"{VERSION} {os.getpid()}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""
APP = """
import subprocess, sys
import modal

app = modal.App({name!r})
PROGRAM = {program!r}


@app.server(port=8000, **{{"startup_timeout": 60, **{settings!r}}})
class Listening:
    @modal.enter()
    def start(self):
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM])

    @modal.exit()
    def stop(self):
        print("told to end", flush=True)
        self.process.terminate()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    reason = why_no_network(tmp_path_factory.mktemp("asked"), RealHost())
    if reason:
        pytest.skip(f"this machine gives no network namespaces: {reason}")
    with local_modal(tmp_path_factory.mktemp("servers")) as running:
        yield running


def deploy(
    server: LocalModalServer, folder: Path, name: str, version: int = 1, **settings: object
) -> str:
    """The URL of a deployed program that says its version."""
    program = f"VERSION = {version}\n{PROGRAM}"
    if version == 0:
        program = "raise SystemExit(3)"
    path = folder / f"{name}.py"
    path.write_text(APP.format(name=name, program=program, settings=settings))
    server.deploy(path)
    with server.client() as client:
        return str(modal.Server.from_name(name, "Listening", client=client).get_url())


def visitor(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=DEADLINE_S, trust_env=False)


async def answer(http: httpx.AsyncClient, path: str = "/") -> tuple[str, str]:
    """Version and pid of who answered."""
    response = await http.get(path)
    assert response.status_code == 200, response.text
    version, pid = response.text.split()
    return version, pid


@pytest.mark.parametrize("why", [why_no_network, why_no_view])
async def test_asking_what_the_machine_gives_many_times_at_once_gives_one_answer(
    why: Callable[[Path, RealHost], str], tmp_path: Path
) -> None:
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(asyncio.to_thread(why, tmp_path, RealHost())) for _ in range(8)]
    assert len({task.result() for task in asked}) == 1
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))


async def test_a_program_answers_and_another_takes_over_when_it_has_died(
    server: LocalModalServer, tmp_path: Path
) -> None:
    url = await asyncio.to_thread(deploy, server, tmp_path, "mortal", unauthenticated=True)
    async with visitor(url) as http:
        version, first = await answer(http)
        assert version == "1"
        assert (await answer(http))[1] == first
        assert (await http.get("/die")).status_code in {500, 502}
        assert (await answer(http))[1] != first


async def test_a_server_wants_a_token_unless_it_says_otherwise(
    server: LocalModalServer, tmp_path: Path
) -> None:
    url = await asyncio.to_thread(deploy, server, tmp_path, "guarded")
    async with visitor(url) as http:
        assert (await http.get("/")).status_code == 401


async def test_containers_are_added_for_more_requests_than_one_is_meant_for(
    server: LocalModalServer, tmp_path: Path
) -> None:
    settings = {"unauthenticated": True, "target_concurrency": 2, "max_containers": 2}
    url = await asyncio.to_thread(deploy, server, tmp_path, "scaled", **settings)
    pids: set[str] = set()

    async def visit(http: httpx.AsyncClient) -> None:
        while len(pids) < 2:
            pids.add((await answer(http, "/wait"))[1])

    async with asyncio.timeout(DEADLINE_S), visitor(url) as http, asyncio.TaskGroup() as visitors:
        for _ in range(4):
            visitors.create_task(visit(http))


async def test_redeploys_under_load_lose_no_request(
    server: LocalModalServer, tmp_path: Path
) -> None:
    settings = {"unauthenticated": True, "max_containers": 1}
    url = await asyncio.to_thread(deploy, server, tmp_path, "redeployed", **settings)
    versions: list[str] = []
    over = asyncio.Event()

    async def visit(http: httpx.AsyncClient) -> None:
        while not over.is_set():
            versions.append((await answer(http, "/wait"))[0])

    async with visitor(url) as http, asyncio.TaskGroup() as visitors:
        for _ in range(3):
            visitors.create_task(visit(http))
        for version in (1, 2, 3):
            await asyncio.to_thread(deploy, server, tmp_path, "redeployed", version, **settings)
            async with asyncio.timeout(DEADLINE_S):
                while str(version) not in versions[-10:]:  # noqa: ASYNC110 - visitors tell no one
                    await asyncio.sleep(0.02)
        over.set()
    assert set(versions) == {"1", "2", "3"}


async def test_a_program_that_does_not_listen_ends_in_an_error(
    server: LocalModalServer, tmp_path: Path
) -> None:
    settings = {"unauthenticated": True, "startup_timeout": 2}
    url = await asyncio.to_thread(deploy, server, tmp_path, "silent", 0, **settings)
    async with visitor(url) as http:
        response = await http.get("/")
    assert response.status_code == 500
    assert "did not become ready within 2s" in response.json()["error"]


async def test_a_stopped_server_was_told_and_leaves_nothing(
    server: LocalModalServer, tmp_path: Path
) -> None:
    url = await asyncio.to_thread(deploy, server, tmp_path, "ended", unauthenticated=True)
    async with visitor(url) as http:
        await answer(http)
        await asyncio.to_thread(server.modal, "app", "stop", "ended", "-y")
        running = (await asyncio.to_thread(server.status))["containers"]
        assert "ended" not in {each["app"] for each in running}
        assert (await http.get("/")).status_code == 404  # on a connection that was open
    log = (await asyncio.to_thread(server.command, "logs", "ended")).stdout
    assert "told to end" in log
