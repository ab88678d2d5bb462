import modal

image = modal.Image.debian_slim(python_version="3.11").pip_install("torch==2.9.0")
app = modal.App("heavy", image=image)

with image.imports():
    import a_package_that_only_the_container_has


@app.function(gpu="H100")
def infer(x: int) -> str:
    return a_package_that_only_the_container_has.run(x)
