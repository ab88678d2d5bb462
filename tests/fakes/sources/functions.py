import modal

app = modal.App("functions")
image = modal.Image.debian_slim(python_version="3.11").pip_install("numpy==2.0.0")


@app.function(gpu="T4", image=image, timeout=100, memory=2048, cpu=2.0)
def generate(prompt: str) -> str:
    return prompt


@app.function()
def plain(x: int) -> int:
    return x


@app.function(schedule=modal.Cron("0 4 * * *"), retries=modal.Retries(max_retries=2))
def nightly() -> None:
    pass
