"""Deployed is not ready: ask the app until it answers as the probe expects, or time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pulumi_modal.errors import NotReady, StoppedWaiting
from pulumi_modal.provider.question import Question, Reply
from pulumi_modal.spec.probe import Probe

_SHORTEST_S: Final = 0.1


@dataclass(frozen=True)
class Waiting:
    """The outside of a wait: who is told, what ends it early."""

    tell: Callable[[str], None]
    cancelled: threading.Event
    now: Callable[[], float] = time.monotonic


def wait_ready(question: Question, probe: Probe, waiting: Waiting) -> None:
    """Return once the app is ready.

    Raises NotReady that tells the last answer, and its kind StoppedWaiting when it is cancelled.
    """
    end = waiting.now() + probe.deadline
    in_a_row, last = 0, None
    while True:
        left = end - waiting.now()
        reply = question.ask(max(_SHORTEST_S, min(probe.timeout, left)))
        in_a_row = in_a_row + 1 if reply.is_expected else 0
        if in_a_row >= probe.successes:
            return
        if waiting.cancelled.is_set():
            raise _stopped(question, reply)
        if waiting.now() + probe.interval >= end:
            was_cut_short = left < probe.timeout and not reply.is_expected
            shown = last if was_cut_short and last else reply
            raise NotReady(_too_late(question, probe, shown, in_a_row))
        last = reply
        waiting.tell(f"waiting for {question.short}: {_standing(reply, probe, in_a_row)}")
        if waiting.cancelled.wait(probe.interval):
            raise _stopped(question, reply)


def _stopped(question: Question, reply: Reply) -> StoppedWaiting:
    return StoppedWaiting(
        f"cancelled while waiting for {question.about}; last answer: {reply.words}; it is"
        " deployed, and the next `pulumi up` waits again"
    )


def _standing(reply: Reply, probe: Probe, in_a_row: int) -> str:
    counted = f" ({in_a_row} of {probe.successes} in a row)" if in_a_row else ""
    return f"{reply.words[:80]}{counted}"


def _too_late(question: Question, probe: Probe, reply: Reply, in_a_row: int) -> str:
    times = f" {probe.successes} times in a row" if probe.successes > 1 else ""
    reached = f" ({in_a_row} in a row)" if in_a_row else ""
    return (
        f"{question.about} was not answered with {question.expected}{times} within"
        f" {probe.deadline:g} s; last answer: {reply.words}{reached}"
    )
