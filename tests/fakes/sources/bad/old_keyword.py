import modal

app = modal.App("old")


@app.function(concurrency_limit=4)
def f(x):
    return x
