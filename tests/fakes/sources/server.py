import modal

app = modal.App("servers")


@app.server(gpu="L40S", port=9000, target_concurrency=5, routing_region="us-east")
class Llm:
    @modal.enter()
    def start(self) -> None:
        pass
