import modal

app = modal.App("deploys")

app.deploy()
