import lonely_helper
import modal

image = modal.Image.debian_slim(python_version="3.11").add_local_python_source("lonely_helper")
app = modal.App("helper-sender", image=image)


@app.function()
def f(x: int) -> int:
    return lonely_helper.double(x)
