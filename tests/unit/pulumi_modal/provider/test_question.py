"""What a probe asks: a real server, and a function of an app."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.errors import NotReady
from pulumi_modal.gateway.port import CallOrder
from pulumi_modal.provider.question import Answer, Reply, ask_http, question_of
from pulumi_modal.spec.probe import Probe
from tests.fakes.apps import APP, a_function, a_plan, stack_of
from tests.fakes.http import serving, text

ROOT = Path("/project")
PLAN = a_plan(embed=a_function(), Model=a_function("class"))


def replies(answer: Any, **probe: Any) -> Reply:
    """What a call of a function with this answer gets."""
    stack = stack_of(PLAN)
    stack.create()
    stack.gateway.answers["embed"] = lambda *_, **__: answer
    asked = Probe.model_validate({"call": "embed", **probe})
    return question_of(APP, asked, "", stack.gateway, ROOT).ask(5)


def test_a_call_is_given_its_input_and_its_time() -> None:
    stack = stack_of(PLAN)
    stack.create()
    stack.gateway.answers["Model.ask"] = lambda one, *, two: one + two
    probe = Probe.model_validate({"call": "Model.ask", "args": [1], "kwargs": {"two": 2}})
    assert question_of(APP, probe, "", stack.gateway, ROOT).ask(7) == Reply("3")
    assert stack.gateway.calls[-1] == (
        "call",
        CallOrder(APP, "Model.ask", ROOT, args=(1,), kwargs={"two": 2}, timeout_s=7),
    )


@pytest.mark.parametrize(
    ("answer", "expect", "reply"),
    [
        pytest.param({"a": 1}, None, Reply('{"a": 1}'), id="any answer"),
        pytest.param({"a": 1, "b": 2}, {"a": 1}, Reply('{"a": 1, "b": 2}'), id="contained"),
        pytest.param(
            [1], [2], Reply("answered, but [0] is 1, not 2", is_expected=False), id="another"
        ),
    ],
)
def test_what_a_call_must_answer(answer: Any, expect: Any, reply: Reply) -> None:
    assert replies(answer, expect=expect) == reply


def test_a_call_that_fails_is_a_reply_too() -> None:
    stack = stack_of(PLAN)
    probe = Probe.model_validate({"call": "embed"})
    question = question_of(APP, probe, "", stack.gateway, ROOT)
    assert question.ask(5) == Reply("calling embed of dev/llm: it is not there", is_expected=False)
    assert (question.about, question.short) == ("embed() of dev/llm", "embed()")
    assert question.expected == "any answer"


def test_a_probe_of_a_url_needs_one() -> None:
    with pytest.raises(NotReady, match="dev/llm has no URL that its probe could ask"):
        question_of(APP, Probe(), "", stack_of(PLAN).gateway, ROOT)


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


@pytest.mark.parametrize("charset", ["base64", "rot13", "idna"])
def test_a_charset_that_is_none_of_texts_is_no_answer(charset: str) -> None:
    kind = f"text/plain; charset={charset}"
    with serving(lambda one: text(one, 200, b"\xff.", Content_Type=kind)) as url:
        assert ask_http(url, 30).failure.startswith("200, in a charset that cannot be read: ")
