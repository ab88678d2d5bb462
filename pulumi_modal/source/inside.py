"""The child's side of `source.child.run`: make the process harmless, run the entry, answer.

The answers are lines of JSON-able messages on an own pipe, never stdout: {"event": ...} any number
of times, then {"ok": ...} or {"error": [class name, sentence]}. The process ends by `os._exit`,
so threads that the user's file left running do not keep it alive.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from pulumi_modal.errors import ModalStackError
from pulumi_modal.source.family import adopt_orphans, end_descendants, end_family
from pulumi_modal.source.supported import import_failure

Tell = Callable[[Any], None]
"""Sends an event (a JSON value) to the parent while the entry runs."""

Entry = Callable[[Any, Tell], Any]
"""What runs in the child: takes the argument, answers a JSON value or raises ModalStackError."""


@dataclass(frozen=True)
class Job:
    """Everything the child needs; pickled by this process for its own child only."""

    entry: str
    argument: Any
    env: Mapping[str, str]
    deadline_s: float
    answer: Connection
    output: Connection
    trace: Connection

    def _bootstrap(self, parent_sentinel: int) -> int:
        self._isolate()
        # The parent ends this process once it has read the dump, with all that it started.
        faulthandler.dump_traceback_later(self.deadline_s, file=self.trace.fileno())
        threading.Thread(target=_end_with, args=(parent_sentinel,), daemon=True).start()
        message = self._answer()
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.flush()
        sys.stderr.flush()
        end_descendants(os.getpid())
        self.answer.send_bytes(json.dumps(message).encode())
        os._exit(0)

    def _isolate(self) -> None:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # the fork server is deaf to it
        adopt_orphans()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(self.output.fileno(), 1)
        os.dup2(self.output.fileno(), 2)
        self.output.close()
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # ends with the process
        sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
        os.environ.clear()
        os.environ.update(self.env)

    def _answer(self) -> Mapping[str, Any]:
        try:
            return {"ok": self._entry()(self.argument, self._tell)}
        except ModalStackError as error:
            return {"error": [type(error).__name__, str(error)]}
        except BaseException as error:  # noqa: BLE001  # the border of the process
            return {"error": ["", f"{type(error).__name__}: {error}"]}

    def _entry(self) -> Entry:
        module, _, name = self.entry.partition(":")
        try:
            entry: Entry = getattr(importlib.import_module(module), name)
        except Exception as error:
            raise import_failure(error) from error
        return entry

    def _tell(self, event: Any) -> None:
        self.answer.send_bytes(json.dumps({"event": event}).encode())


def _end_with(parent_sentinel: int) -> None:
    """End this process and all it started when the parent ends."""
    wait([parent_sentinel])
    end_family(os.getpid())
