import modal

app = modal.App("nested")
FACTOR = 3


def make(offset: int) -> object:
    @app.function(name=f"plus-{offset}", serialized=True)
    def shifted(x: int) -> int:
        return x * FACTOR + offset

    return shifted


plus_one = make(1)
