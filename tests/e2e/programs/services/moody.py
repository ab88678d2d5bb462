"""A web endpoint that answers with the status its helper file says; nothing to install."""

import modal
from mood import STATUS

app = modal.App("moody")
image = modal.Image.debian_slim().add_local_python_source("mood")


@app.function(image=image, max_containers=1)
@modal.asgi_app()
def web():  # noqa: ANN201  # what an ASGI server calls
    print("the mood is", STATUS)  # noqa: T201  # the log of the container

    async def answer(scope, _receive, send) -> None:  # noqa: ANN001
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": STATUS, "headers": []})
            await send({"type": "http.response.body", "body": b"that is how it is"})

    return answer
