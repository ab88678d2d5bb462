import modal

app = modal.App("empty")
