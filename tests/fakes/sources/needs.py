import modal

app = modal.App("needs")
models = modal.Volume.from_name("models", create_if_missing=True)
image = (
    modal.Image.debian_slim(python_version="3.11")
    .env({"MODE": "code"})
    .add_local_file("data.txt", "/data/data.txt")
)


@app.function(
    image=image,
    secrets=[
        modal.Secret.from_name("hf-dev", required_keys=["HF_TOKEN"]),
        modal.Secret.from_dict({"API_KEY": "not-for-the-state"}),
    ],
    volumes={"/models": models.with_mount_options(read_only=True)},
)
def fetch(name: str) -> str:
    return name
