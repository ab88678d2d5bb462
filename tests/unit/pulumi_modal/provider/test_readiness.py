"""Waiting until an app answers: in time, cancelled at once, with the last answer in the error."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_modal.errors import NotReady
from pulumi_modal.provider.readiness import Answer, Waiting, ask_http, is_ready, wait_ready
from pulumi_modal.spec.probe import Probe
from tests.fakes.http import serving, text

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
        waiting = Waiting(self.told.append, cancelled, self.ask, lambda: self.clock.now)
        wait_ready(URL, Probe.model_validate(probe), waiting)


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
    with pytest.raises(NotReady) as caught:
        app.wait(deadline=600, interval=2)
    assert app.clock.now == 106
    assert str(caught.value) == (
        "cancelled while waiting for http://app.test/health; last answer: 503 starting; it is"
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
            wait_ready(URL, probe, Waiting(told.append, cancelled, ask))
        except NotReady as error:
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert asked.wait(30)
    cancelled.set()
    thread.join(30)
    assert not thread.is_alive()
    assert str(failures[0]).startswith("cancelled while waiting")


def test_an_answer_is_its_status_and_text() -> None:
    said = "grün".encode("latin-1")
    with serving(
        lambda one: text(one, 418, said, Content_Type="text/plain; charset=latin-1")
    ) as url:
        assert ask_http(f"{url}/health", 30) == Answer(418, "grün")


def test_what_cannot_be_decoded_is_still_an_answer() -> None:
    with serving(lambda one: text(one, 200, b"\xff\xfe\x00", Content_Type="text/plain")) as url:
        assert ask_http(url, 30).status == 200


def test_redirects_are_followed() -> None:
    def send(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/":
            text(handler, 307, b"", Location="/there")
        else:
            text(handler, 200, b"there")

    with serving(send) as url:
        assert ask_http(f"{url}/", 30) == Answer(200, "there")


def test_an_answer_without_an_end_ends_in_time() -> None:
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        text(handler, 200, b"first ")
        while not over.wait(0.01):
            handler.wfile.write(b".")

    with serving(drip) as url:
        try:
            answer = ask_http(url, 0.5)
        finally:
            over.set()
    assert answer.status == 200
    assert answer.body.startswith("first .")


def test_of_a_large_answer_only_the_beginning_is_read() -> None:
    over = threading.Event()

    def flood(handler: BaseHTTPRequestHandler) -> None:
        text(handler, 200, b"")
        while not over.is_set():
            try:
                handler.wfile.write(b"x" * 65536)
            except OSError:
                return

    with serving(flood) as url:
        try:
            answer = ask_http(url, 60)
        finally:
            over.set()
    assert answer.status == 200
    assert 1024 * 1024 <= len(answer.body) < 8 * 1024 * 1024


def test_no_answer_is_told_in_a_few_words() -> None:
    over = threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> None:
        over.wait(60)

    with serving(hang) as url:
        try:
            assert ask_http(url, 0.2) == Answer(failure="no answer within 0.2 s")
        finally:
            over.set()
    assert ask_http(url, 5).failure.startswith("ConnectError: ")
    assert ask_http("not a url", 5).failure
