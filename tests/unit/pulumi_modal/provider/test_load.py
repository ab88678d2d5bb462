"""Both versions get the same load: over real HTTP, and by calls."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from pulumi_modal.provider.load import Load, measure_calls, measure_urls
from pulumi_modal.provider.question import call_order
from pulumi_modal.spec.canary import Canary
from pulumi_modal.spec.probe import Probe
from tests.fakes.apps import APP, a_function, a_plan, stack_of
from tests.fakes.http import serving, text


def a_load(**canary: Any) -> Load:
    limits = Canary.model_validate({"requests": 60, "concurrency": 3, **canary})
    return Load(limits, limits.question(Probe()), lambda _: None)


def test_both_get_as_many_requests_as_said_and_some_to_warm_up() -> None:
    asked: list[str] = []

    def send(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        text(handler, 200, b"ok", Content_Length="2")

    with serving(send) as old, serving(send) as new:
        first, second = measure_urls(old, new, a_load())
    assert len(first.samples) == len(second.samples) == 60
    assert first.failed == second.failed == 0
    assert asked == ["/health"] * (2 * 63)


def test_what_is_wrong_with_an_answer_is_kept() -> None:
    with (
        serving(lambda one: text(one, 200, b"ok", Content_Length="2")) as old,
        serving(lambda one: text(one, 500, b"boom", Content_Length="4")) as new,
    ):
        first, second = measure_urls(old, new, a_load())
    assert (first.failed, second.failed) == (0, 60)
    assert second.first_failure == "500 boom"


def test_nobody_there_is_a_failure_of_each_request() -> None:
    with serving(lambda one: text(one, 200, b"ok", Content_Length="2")) as old:
        _, second = measure_urls(old, "http://127.0.0.1:1", a_load())
    assert second.error_rate == 1
    assert second.first_failure.startswith("ConnectError: ")


def test_a_load_ends_when_it_is_cancelled() -> None:
    cancelled = threading.Event()

    def send(handler: BaseHTTPRequestHandler) -> None:
        cancelled.set()
        text(handler, 200, b"ok", Content_Length="2")

    limits = Canary.model_validate({"requests": 100_000})
    load = Load(limits, Probe(), lambda _: None, cancelled)
    with serving(send) as url:
        first, second = measure_urls(url, url, load)
    assert (first.samples, second.samples) == ((), ())


def test_calls_are_made_of_both_and_told_apart() -> None:
    stack = stack_of(a_plan(f=a_function()))
    stack.create()
    stack.gateway.answers["f"] = lambda: 1
    asked = [Probe.model_validate({"call": "f", "expect": one}) for one in (1, 2)]
    old, new = [call_order(APP, one, stack.lifecycle.root, 5) for one in asked]
    first, second = measure_calls(old, new, a_load(call="f"), stack.gateway)
    assert (len(first.samples), first.failed) == (60, 0)
    assert (len(second.samples), second.failed) == (60, 60)
    assert second.first_failure == "answered, but it is 1, not 2"
