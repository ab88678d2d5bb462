"""A class that says which model it was given, and how long its token is."""

import os

import modal

app = modal.App("model")


@app.cls(max_containers=4, secrets=[modal.Secret.from_name("vault")])
@modal.concurrent(max_inputs=2)
class Model:
    @modal.method()
    def about(self) -> str:
        return f"{os.environ['MODEL']} with {len(os.environ['TOKEN'])}"
