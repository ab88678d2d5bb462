"""HTTP requests through the ingress, execution and real containers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from modal_local.ingress.route import Route
from modal_local.ingress.server import Ingress
from tests.fakes.small_modal import SmallModal, small_modal

APP = """
import asyncio

@app.function(max_containers=2)
@modal.concurrent(max_inputs=10)
@modal.asgi_app()
def web():
    from fastapi import FastAPI, Request
    from fastapi.responses import StreamingResponse

    api = FastAPI()

    @api.post("/length")
    async def length(request: Request):
        return len(await request.body())

    @api.get("/count")
    async def count():
        async def numbers():
            for number in range(3):
                yield f"{number}\\n"
                await asyncio.sleep(0.01)
        return StreamingResponse(numbers())

    @api.get("/version")
    async def version():
        return VERSION

    return api
"""


@asynccontextmanager
async def visiting(small: SmallModal, port: int) -> AsyncIterator[httpx.AsyncClient]:
    route = Route(
        port=port,
        function_id=small.app.layout.function_ids["web"],
        method_name="",
        label="web",
        app_name="test",
        environment="main",
        requires_proxy_auth=False,
    )
    async with Ingress(small.execution, lambda *_: False) as ingress:
        await ingress.open(route)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False
        ) as client:
            yield client


async def test_a_fastapi_app_is_served(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy("VERSION = 1\n" + APP)
        async with visiting(small, _free_port()) as client:
            assert (await client.post("/length", content=b"x" * 5_000_000)).json() == 5_000_000
            assert (await client.get("/count")).text == "0\n1\n2\n"
            assert (await client.get("/nothing")).status_code == 404
            answers = await asyncio.gather(*(client.get("/version") for _ in range(30)))
            assert {answer.json() for answer in answers} == {1}


async def test_a_redeploy_under_http_load_answers_every_request(tmp_path: Path) -> None:
    async with small_modal(tmp_path) as small:
        await small.deploy("VERSION = 1\n" + APP)
        async with visiting(small, _free_port()) as client:
            versions: list[int] = []

            async def visitor() -> None:
                while 2 not in versions[-50:]:
                    answer = await client.get("/version")
                    assert answer.status_code == 200, answer.text
                    versions.append(answer.json())

            async with asyncio.TaskGroup() as visitors:
                for _ in range(6):
                    visitors.create_task(visitor())
                await small.until(lambda: len(versions) > 20)
                await small.deploy("VERSION = 2\n" + APP)
            assert set(versions) == {1, 2}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
