import os

print("last words")
os._exit(7)
