import modal

app = modal.App("old")


@app.cls()
class Model:
    @modal.method(concurrency_limit=4)
    def f(self, x):
        return x
