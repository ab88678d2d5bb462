import modal

app = modal.App("looped")


def work(x: int) -> int:
    return x


for gpu in ("T4", "A100", "H100"):
    app.function(name=f"infer-{gpu.lower()}", gpu=gpu, serialized=True)(work)
