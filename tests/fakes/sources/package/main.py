import modal

from .tools import double

app = modal.App("package")


@app.function()
def f(x: int) -> int:
    return double(x)
