import modal

app = modal.App("twins")


@app.function()
def f(x):
    return x


@app.function(name="f")
def g(x):
    return x
