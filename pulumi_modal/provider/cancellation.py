"""A cancel that is heard at once, also by who waits for an answer of somebody else."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue

from pulumi_modal.provider.question import Question, Reply

GIVEN_UP = Reply("none yet", is_expected=False)


class Cancellation(threading.Event):
    """An event that can also call back, for those who wait for something else."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._calls: set[Callable[[], None]] = set()

    def set(self) -> None:
        """Cancel; those who listen hear of it once."""
        super().set()
        with self._lock:
            calls, self._calls = self._calls, set()
        for call in calls:
            call()

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Call this when it is cancelled while the block runs, or was before."""
        with self._lock:
            self._calls.add(call)
        if self.is_set():
            call()
        try:
            yield
        finally:
            with self._lock:
                self._calls.discard(call)


@dataclass(frozen=True)
class Interruptible:
    """A question whose answer is not waited for any more once it is cancelled."""

    question: Question
    cancelled: threading.Event

    @property
    def about(self) -> str:
        """What is asked."""
        return self.question.about

    @property
    def short(self) -> str:
        """The same for a row."""
        return self.question.short

    @property
    def expected(self) -> str:
        """What is expected."""
        return self.question.expected

    def ask(self, timeout_s: float) -> Reply:
        """Ask once; what is still on its way after a cancel is left to itself."""
        if not isinstance(self.cancelled, Cancellation):
            return self.question.ask(timeout_s)
        came: SimpleQueue[Reply | BaseException] = SimpleQueue()

        def ask() -> None:
            try:
                came.put(self.question.ask(timeout_s))
            except BaseException as error:  # noqa: BLE001  # raised by who waits
                came.put(error)

        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(ask,), name="question", daemon=True).start()
        with self.cancelled.calling(lambda: came.put(GIVEN_UP)):
            found = came.get()
        if isinstance(found, BaseException):
            raise found
        return found
