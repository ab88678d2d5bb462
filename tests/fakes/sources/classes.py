import modal

app = modal.App("classes", image=modal.Image.debian_slim(python_version="3.11"))


@app.cls(gpu="A100", max_containers=3, scaledown_window=30)
@modal.concurrent(max_inputs=8, target_inputs=6)
class Model:
    size: str = modal.parameter(default="small")

    @modal.enter()
    def load(self) -> None:
        self.weights = self.size

    @modal.method()
    def generate(self, prompt: str) -> str:
        return prompt + self.weights

    @modal.method()
    def score(self, prompt: str) -> int:
        return len(prompt)


@app.cls()
class Batcher:
    @modal.batched(max_batch_size=8, wait_ms=100)
    def embed(self, texts: list[str]) -> list[int]:
        return [len(text) for text in texts]
