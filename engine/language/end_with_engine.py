"""Put before Pulumi's own program runner at set-up: a program ends when its engine does.

The Python host of 3.79 does not notice that its engine was killed (`pulumi preview | head`): the
program would wait for the engine for ever, and the host for the program. The script before the
host passes on the process id of the engine.
"""

import os
import select
import signal
import threading
from typing import NoReturn


def _end_with(engine: int, host: int) -> None:
    try:
        descriptor = os.pidfd_open(engine)
    except AttributeError:  # not Linux
        return
    except ProcessLookupError:
        _end(host)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)

    def wait() -> None:
        poll.poll()
        _end(host)

    threading.Thread(target=wait, name="engine", daemon=True).start()


def _end(host: int) -> NoReturn:
    if host > 1:
        os.kill(host, signal.SIGTERM)
    os._exit(1)


if "PULUMI_MODAL_ENGINE_PID" in os.environ:
    _end_with(int(os.environ.pop("PULUMI_MODAL_ENGINE_PID")), os.getppid())
