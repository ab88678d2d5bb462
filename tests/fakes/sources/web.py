import modal

app = modal.App("web")


async def nothing(scope: object, receive: object, send: object) -> None:
    """An ASGI app that answers nothing."""


@app.function()
@modal.concurrent(max_inputs=20)
@modal.asgi_app(label="chat", requires_proxy_auth=True)
def api() -> object:
    return nothing


@app.cls()
class Pages:
    @modal.fastapi_endpoint(method="POST")
    def ask(self, question: str) -> str:
        return question
