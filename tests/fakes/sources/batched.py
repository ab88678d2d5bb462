import modal

app = modal.App("batched")


@app.function(gpu="A10")
@modal.batched(max_batch_size=4, wait_ms=50)
def double(numbers: list[int]) -> list[int]:
    return [2 * number for number in numbers]
