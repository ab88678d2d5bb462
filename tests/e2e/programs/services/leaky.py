"""A web endpoint that prints every secret it is given, to its log and to who asks."""

import os
from pathlib import Path

import modal
from mood import STATUS

app = modal.App("leaky")
image = modal.Image.debian_slim().add_local_python_source("mood")
inline = Path(os.environ["INLINE_FILE"]).read_text("utf-8") if modal.is_local() else ""
secrets = [
    modal.Secret.from_name("vault", required_keys=["CANARY"]),
    modal.Secret.from_dict({"INLINE": inline}),
]


@app.function(image=image, secrets=secrets, max_containers=1)
@modal.asgi_app()
def web():  # noqa: ANN201  # what an ASGI server calls
    said = "the container was given " + ", ".join(
        f"{name}: {os.environ[name]}" for name in ("CANARY", "LINES", "INLINE")
    )
    print(said)  # noqa: T201  # the log of the container

    async def answer(scope, _receive, send) -> None:  # noqa: ANN001
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": STATUS, "headers": []})
            await send({"type": "http.response.body", "body": said.encode()})

    return answer
