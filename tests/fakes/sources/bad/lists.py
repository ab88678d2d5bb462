import modal

print(modal.Volume.objects.list())
app = modal.App("lists")
