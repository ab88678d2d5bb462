"""Waiting until an app answers: in time, cancelled at once, with the last answer in the error."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.errors import NotReady, StoppedWaiting
from pulumi_modal.provider.question import Answer, UrlQuestion, is_ready
from pulumi_modal.provider.readiness import Waiting, wait_ready
from pulumi_modal.spec.probe import Probe

URL = "http://app.test/"
OK = Answer(200, "ok")
STARTING = Answer(503, "starting")
REFUSED = Answer(failure="ConnectError: refused")


class FakeCancelled(threading.Event):
    """An event on a clock of its own: to wait for it passes its time."""

    def __init__(self, clock: Clock, at: float) -> None:
        super().__init__()
        self._clock = clock
        self._at = at

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.now += timeout or 0.0
        return self._clock.now >= self._at


@dataclass
class Clock:
    """Time that passes only when somebody waits."""

    now: float = 100.0


@dataclass
class App:
    """Answers in order, the last one for ever; each answer takes its time."""

    answers: list[Answer]
    takes_s: float = 0.0
    cancelled_at: float = float("inf")
    clock: Clock = field(default_factory=Clock)
    asked: list[tuple[str, float]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def ask(self, url: str, timeout_s: float) -> Answer:
        self.asked.append((url, timeout_s))
        self.clock.now += self.takes_s
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait(self, **probe: Any) -> None:
        cancelled = FakeCancelled(self.clock, self.cancelled_at)
        waiting = Waiting(self.told.append, cancelled, lambda: self.clock.now)
        asked = Probe.model_validate(probe)
        wait_ready(UrlQuestion(URL, asked, self.ask), asked, waiting)


def test_an_app_that_answers_is_ready_at_once() -> None:
    app = App([OK])
    app.wait(path="/health")
    assert app.asked == [("http://app.test/health", 30)]
    assert app.told == []
    assert app.clock.now == 100.0


def test_an_app_that_answers_later_is_ready_then() -> None:
    app = App([REFUSED, STARTING, OK])
    app.wait(path="/health", interval=2)
    assert app.told == [
        "waiting for /health: ConnectError: refused",
        "waiting for /health: 503 starting",
    ]
    assert app.clock.now == 104.0


@pytest.mark.parametrize(
    ("answer", "probe", "ready"),
    [
        pytest.param(OK, {}, True, id="as expected"),
        pytest.param(STARTING, {}, False, id="another status"),
        pytest.param(STARTING, {"status": 503}, True, id="the status asked for"),
        pytest.param(OK, {"contains": "ok"}, True, id="the text"),
        pytest.param(OK, {"contains": "fine"}, False, id="another text"),
        pytest.param(STARTING, {"contains": "starting"}, False, id="the text with another status"),
        pytest.param(REFUSED, {"status": 100}, False, id="no answer"),
    ],
)
def test_what_counts_as_ready(answer: Answer, probe: dict[str, Any], ready: bool) -> None:  # noqa: FBT001  # a column
    assert is_ready(answer, Probe.model_validate(probe)) is ready


@pytest.mark.parametrize(
    ("answer", "last"),
    [
        pytest.param(STARTING, "503 starting", id="status"),
        pytest.param(REFUSED, "ConnectError: refused", id="failure"),
        pytest.param(Answer(500, "a\n  b" * 200), "500 a b", id="long body"),
    ],
)
def test_a_deadline_tells_what_was_expected_and_answered_last(answer: Answer, last: str) -> None:
    app = App([answer])
    with pytest.raises(NotReady) as caught:
        app.wait(path="/health?full=1", deadline=10, contains="ok")
    said = str(caught.value)
    assert said.startswith(
        "GET http://app.test/health?full=1 was not answered with 200 and 'ok' within 10 s;"
        f" last answer: {last}"
    )
    assert len(said) < 400
    assert "\n" not in said


@given(
    takes_s=st.floats(0, 40),
    deadline=st.integers(1, 300),
    interval=st.floats(0.05, 60),
    timeout=st.floats(0.1, 100),
)
def test_no_wait_is_longer_than_its_deadline(
    takes_s: float, deadline: int, interval: float, timeout: float
) -> None:
    app = App([STARTING], takes_s=takes_s)
    with pytest.raises(NotReady):
        app.wait(deadline=deadline, interval=interval, timeout=timeout)
    assert app.clock.now - 100 <= deadline + takes_s + 1e-6
    assert all(timeout_s <= max(0.1, min(timeout, deadline)) for _, timeout_s in app.asked)


def test_the_last_question_gets_only_the_time_that_is_left() -> None:
    app = App([STARTING], takes_s=8)
    with pytest.raises(NotReady):
        app.wait(deadline=20, interval=1, timeout=30)
    assert [timeout_s for _, timeout_s in app.asked] == [20, 11, 2]


def test_a_cancelled_wait_ends_and_says_what_comes_next() -> None:
    app = App([STARTING], cancelled_at=105)
    with pytest.raises(StoppedWaiting) as caught:
        app.wait(deadline=600, interval=2)
    assert app.clock.now == 106
    assert str(caught.value) == (
        "cancelled while waiting for GET http://app.test/health; last answer: 503 starting; it is"
        " deployed, and the next `pulumi up` waits again"
    )


def test_a_real_cancel_wakes_a_wait_that_has_begun() -> None:
    cancelled, asked = threading.Event(), threading.Event()

    def ask(_url: str, _timeout_s: float) -> Answer:
        asked.set()
        return STARTING

    failures: list[Exception] = []
    told: list[str] = []

    def wait() -> None:
        probe = Probe.model_validate({"deadline": 3600, "interval": 60})
        try:
            wait_ready(UrlQuestion(URL, probe, ask), probe, Waiting(told.append, cancelled))
        except NotReady as error:
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert asked.wait(30)
    cancelled.set()
    thread.join(30)
    assert not thread.is_alive()
    assert str(failures[0]).startswith("cancelled while waiting")


def test_as_many_answers_in_a_row_as_asked_for_must_be_expected() -> None:
    app = App([OK, STARTING, OK, OK, OK])
    app.wait(successes=3, interval=1)
    assert len(app.asked) == 5
    assert app.told == [
        "waiting for /health: 200 ok (1 of 3 in a row)",
        "waiting for /health: 503 starting",
        "waiting for /health: 200 ok (1 of 3 in a row)",
        "waiting for /health: 200 ok (2 of 3 in a row)",
    ]


def test_too_few_answers_in_a_row_are_told_as_such() -> None:
    app = App([OK])
    with pytest.raises(NotReady) as caught:
        app.wait(successes=9, interval=1, deadline=4)
    assert str(caught.value) == (
        "GET http://app.test/health was not answered with 200 9 times in a row within 4 s; last"
        " answer: 200 ok (4 in a row)"
    )


@given(
    answers=st.lists(st.booleans(), max_size=30),
    successes=st.integers(1, 6),
)
def test_an_app_is_ready_at_the_end_of_the_first_run_that_is_long_enough(
    answers: list[bool], successes: int
) -> None:
    app = App([OK if one else STARTING for one in answers] + [OK])
    app.wait(successes=successes, interval=1, deadline=3600)
    whole = "".join("1" if one else "0" for one in answers) + "1" * successes
    assert len(app.asked) == whole.index("1" * successes) + successes


def test_an_answer_that_was_cut_short_does_not_hide_the_one_before() -> None:
    app = App([STARTING, REFUSED], takes_s=4)
    with pytest.raises(NotReady, match=r"last answer: 503 starting$"):
        app.wait(deadline=10, interval=1, timeout=30)


def test_a_cancel_within_the_last_interval_is_no_verdict() -> None:
    cancelled = threading.Event()

    def ask(_url: str, _timeout_s: float) -> Answer:
        cancelled.set()
        return STARTING

    probe = Probe.model_validate({"deadline": 1, "interval": 60})
    with pytest.raises(StoppedWaiting):
        wait_ready(UrlQuestion(URL, probe, ask), probe, Waiting(list[str]().append, cancelled))
