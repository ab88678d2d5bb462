import os
import subprocess
import threading
import time

import modal

print("printed at import")  # noqa: T201  # the point of this file
os.write(1, b"written to fd 1\n")
subprocess.run(["/bin/echo", "from a child"], check=True)
threading.Thread(target=time.sleep, args=(3600,)).start()
subprocess.Popen(["/bin/sleep", "3600"])

app = modal.App("noisy")


@app.function()
def f(x: int) -> int:
    return x
