import modal

app = modal.App.lookup("x", create_if_missing=True)
