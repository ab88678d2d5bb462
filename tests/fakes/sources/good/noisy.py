import os
import subprocess
import threading
import time

import modal

print("printed at import")
os.write(1, b"written to fd 1\n")
subprocess.run(["echo", "from a shell"], check=True)
threading.Thread(target=time.sleep, args=(3600,)).start()
subprocess.Popen(["sleep", "3600"])

app = modal.App("noisy")


@app.function()
def f(x: int) -> int:
    return x
