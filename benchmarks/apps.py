"""The Modal files that benchmarks deploy: small ones, with nothing to install."""

from __future__ import annotations

from pathlib import Path

SERVICE = '''"""One of many equal services."""

import modal

app = modal.App("{name}")
REVISION = {revision}


@app.function(cpu=0.25, max_containers=1)
def work(number: int) -> int:
    return number + REVISION
'''

CALLS = '''"""An echo for Python callers, and a small ASGI app, that also runs under uvicorn."""

import modal

app = modal.App("bench-calls")
BODY = b'{"status": "ok"}'


async def page(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


@app.function(min_containers=1, max_containers=1)
@modal.concurrent(max_inputs=100)
def echo(text: str) -> str:
    return text


@app.function(min_containers=1, max_containers=1)
@modal.concurrent(max_inputs=100)
@modal.asgi_app()
def web():
    return page
'''

COLD = '''"""Functions that have never run: each has a pool of containers of its own."""

import modal

app = modal.App("bench-cold")


@app.function(min_containers=1, max_containers=1)
def warm() -> int:
    return 1


def cold() -> int:
    return 1


for number in range({count}):
    app.function(name=f"cold-{{number}}", max_containers=1, scaledown_window=2)(cold)
'''


def service_names(count: int) -> list[str]:
    """Names of so many services, which are also names of modules."""
    return [f"svc_{number:02d}" for number in range(count)]


def write_services(folder: Path, names: list[str], revision: int) -> None:
    """One file a service; another revision is a change of the source."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        text = SERVICE.format(name=name, revision=revision)
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
