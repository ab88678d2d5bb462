import modal

app = modal.App("bad")


@app.function(volumes={"/v": modal.Volume.from_name("bad name!")})
def f(x):
    return x
