"""A function that needs a secret, and tells only how long its value is."""

import os

import modal

app = modal.App("vault")


@app.function(secrets=[modal.Secret.from_name("vault", required_keys=["CANARY"])])
def length() -> int:
    return len(os.environ["CANARY"])
