"""A web endpoint that is not ready before a file is in its volume."""

from pathlib import Path

import modal

FLAG = Path("/flags/ready")

app = modal.App("patient")
flags = modal.Volume.from_name("flags", create_if_missing=True)


@app.function(max_containers=1, volumes={"/flags": flags})
@modal.asgi_app()
def web():  # noqa: ANN201  # what an ASGI server calls
    async def answer(scope, _receive, send) -> None:  # noqa: ANN001
        if scope["type"] == "http":
            status = 200 if FLAG.exists() else 503  # noqa: ASYNC240  # a local file
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    return answer
