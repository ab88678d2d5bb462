import modal
app = modal.App("crooked"
