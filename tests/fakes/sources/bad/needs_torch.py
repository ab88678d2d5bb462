import modal
import torch_that_is_not_here.nn

app = modal.App("torch")
