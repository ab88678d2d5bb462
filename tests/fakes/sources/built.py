import modal

MODEL = "tiny"


def download() -> None:
    print(MODEL)  # noqa: T201  # a build function talks to its log


image = modal.Image.debian_slim(python_version="3.11").run_function(download)
app = modal.App("built", image=image)


@app.function()
def infer(x: int) -> int:
    return x
