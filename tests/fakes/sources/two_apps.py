import modal

front = modal.App("front")
back = modal.App("back")


@front.function()
def serve(x: int) -> int:
    return x


@back.function(gpu="L4")
def compute(x: int) -> int:
    return x
