import modal

stub = modal.Stub("old")
