"""A function without a URL, and without anything to install."""

import modal

app = modal.App("plain")


@app.function(max_containers=4)
def double(value: int) -> int:
    return 2 * value
