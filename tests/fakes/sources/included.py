import modal

part = modal.App("part")


@part.function(gpu="T4")
def inner(x: int) -> int:
    return x


app = modal.App("whole")
app.include(part)


@app.function()
def outer(x: int) -> int:
    return x
