import modal

app = modal.App("text-memory")


@app.function(memory="16Gi")
def f(x: int) -> int:
    return x
