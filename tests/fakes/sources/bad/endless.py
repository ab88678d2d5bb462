import modal

app = modal.App("endless")
while True:
    pass
