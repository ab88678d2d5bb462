"""A cancel ends a wait for an answer at once, and nothing else."""

from __future__ import annotations

import threading

import pytest

from pulumi_modal.errors import StoppedWaiting
from pulumi_modal.provider.cancellation import GIVEN_UP, Cancellation, Interruptible
from pulumi_modal.provider.question import Reply
from pulumi_modal.provider.readiness import Waiting, wait_ready
from pulumi_modal.spec.probe import Probe

DEADLINE_S = 20


class Endless:
    """A question that nobody answers before the test is over."""

    about, short, expected = "GET http://x/health", "/health", "200"

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.over = threading.Event()

    def ask(self, timeout_s: float) -> Reply:
        """Wait for the end."""
        del timeout_s
        self.asked.set()
        assert self.over.wait(DEADLINE_S)
        return Reply("200")


class Quick(Endless):
    """Answers at once, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error

    def ask(self, timeout_s: float) -> Reply:
        """Answer."""
        if self.error:
            raise self.error
        return Reply(f"200 within {timeout_s:g} s")


def test_a_cancel_ends_the_wait_for_an_answer_that_is_on_its_way() -> None:
    question, cancelled = Endless(), Cancellation()
    told: list[str] = []

    def cancel() -> None:
        assert question.asked.wait(DEADLINE_S)
        cancelled.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(StoppedWaiting, match="cancelled while waiting for GET http://x/health"):
        wait_ready(Interruptible(question, cancelled), Probe(), Waiting(told.append, cancelled))
    assert not question.over.is_set()  # nobody has answered until now
    question.over.set()
    thread.join(DEADLINE_S)


def test_what_was_cancelled_before_is_not_waited_for() -> None:
    question, cancelled = Endless(), Cancellation()
    cancelled.set()
    assert Interruptible(question, cancelled).ask(1) is GIVEN_UP
    question.over.set()


@pytest.mark.parametrize("cancelled", [Cancellation(), threading.Event()])
def test_without_a_cancel_a_question_is_what_it_was(cancelled: threading.Event) -> None:
    question = Interruptible(Quick(), cancelled)
    assert question.ask(3) == Reply("200 within 3 s")
    assert (question.about, question.short, question.expected) == (
        Endless.about,
        Endless.short,
        Endless.expected,
    )
    with pytest.raises(ValueError, match="broken"):
        Interruptible(Quick(ValueError("broken")), cancelled).ask(1)


def test_who_has_stopped_listening_is_not_called() -> None:
    cancelled, calls = Cancellation(), []
    with cancelled.calling(lambda: calls.append("early")):
        pass
    with cancelled.calling(lambda: calls.append("now")):
        cancelled.set()
        cancelled.set()
    assert calls == ["now"]
