import lonely_helper
import modal

app = modal.App("helper-user")


@app.function()
def f(x: int) -> int:
    return lonely_helper.double(x)
