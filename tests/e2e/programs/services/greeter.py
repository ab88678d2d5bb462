"""A server with a URL, and a helper file beside it."""

import modal
from words import GREETING

app = modal.App("greeter")
image = modal.Image.debian_slim().pip_install("fastapi==0.165.0").add_local_python_source("words")


@app.cls(image=image, gpu="T4", max_containers=4)
@modal.concurrent(max_inputs=4)
class Greeter:
    """Greets, and says how it is."""

    @modal.enter()
    def load(self) -> None:
        print("the greeter is loaded")  # noqa: T201  # the log of the container

    @modal.asgi_app()
    def web(self):  # noqa: ANN201  # FastAPI is only there in the container
        from fastapi import FastAPI

        api = FastAPI()

        @api.get("/health")
        def health() -> dict[str, str]:
            return {"status": "ok", "greeting": GREETING}

        return api
