import modal

app = modal.App("web")


@app.function()
@modal.concurrent(max_inputs=20)
@modal.asgi_app(label="chat", requires_proxy_auth=True)
def api():
    async def asgi(scope, receive, send) -> None:
        pass

    return asgi


@app.cls()
class Pages:
    @modal.fastapi_endpoint(method="POST")
    def ask(self, question: str) -> str:
        return question
