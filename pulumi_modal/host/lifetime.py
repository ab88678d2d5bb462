"""A plugin must not outlive its engine: a killed engine would leave it behind for ever."""

from __future__ import annotations

import os
import select
import threading

from pulumi_modal.source.forkserver import clear_away


def end_with_parent() -> None:
    """End this process when the one that started it ends. Waits by event, in a thread."""
    parent = os.getppid()
    try:
        descriptor = os.pidfd_open(parent)
    except (AttributeError, OSError):  # not Linux, or the parent is gone already
        if os.getppid() != parent:
            os._exit(1)
        return
    threading.Thread(target=_wait, args=(descriptor,), name="parent", daemon=True).start()


def _wait(descriptor: int) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.poll()
    clear_away()
    os._exit(1)
