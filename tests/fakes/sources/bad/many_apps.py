import modal

one = modal.App("one")
two = modal.App("two")
