"""Deployed is not ready: ask the app until it answers as the probe expects, or time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pulumi_modal.errors import NotReady
from pulumi_modal.spec.probe import Probe

_SHOWN_BODY: Final = 200
_READ_BODY: Final = 1024 * 1024
"""Bytes of an answer that are looked at."""


@dataclass(frozen=True)
class Answer:
    """What one question got: a status with the body, or why there was none."""

    status: int = 0
    body: str = ""
    failure: str = ""

    def words(self) -> str:
        """In a few words, for people."""
        if self.failure:
            return self.failure
        body = " ".join(self.body.split())[:_SHOWN_BODY]
        return f"{self.status} {body}".strip()


Ask = Callable[[str, float], Answer]
"""GET a URL within so many seconds."""


def ask_http(url: str, timeout_s: float) -> Answer:
    """GET a URL; never raises for what the other side does."""
    import httpx  # late: a preview asks nothing, and its program starts 0.1 s sooner

    end = time.monotonic() + timeout_s
    body = bytearray()
    try:
        with httpx.stream("GET", url, timeout=timeout_s, follow_redirects=True) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) >= _READ_BODY or time.monotonic() >= end:
                    break  # an answer without an end
    except httpx.TimeoutException:
        return Answer(failure=f"no answer within {timeout_s:g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(failure=f"{type(error).__name__}: {error}")
    return Answer(response.status_code, body.decode(response.encoding or "utf-8", "replace"))


def is_ready(answer: Answer, probe: Probe) -> bool:
    """True when the answer is the expected one."""
    contained = probe.contains is None or probe.contains in answer.body
    return not answer.failure and answer.status == probe.status and contained


@dataclass(frozen=True)
class Waiting:
    """The outside of a wait: who asks, who is told, what ends it early."""

    tell: Callable[[str], None]
    cancelled: threading.Event
    ask: Ask = ask_http
    now: Callable[[], float] = time.monotonic


def wait_ready(url: str, probe: Probe, waiting: Waiting) -> None:
    """Return once the app is ready; raises NotReady that tells the last answer."""
    asked = f"{url.rstrip('/')}{probe.path}"
    end = waiting.now() + probe.deadline
    while True:
        left = end - waiting.now()
        answer = waiting.ask(asked, max(0.1, min(probe.timeout, left)))
        if is_ready(answer, probe):
            return
        if waiting.now() + probe.interval >= end:
            raise NotReady(
                f"GET {asked} was not answered with {_expected(probe)} within"
                f" {probe.deadline:g} s; last answer: {answer.words()}"
            )
        waiting.tell(f"waiting for {probe.path}: {answer.words()[:80]}")
        if waiting.cancelled.wait(probe.interval):
            raise NotReady(
                f"cancelled while waiting for {asked}; last answer: {answer.words()}; it is"
                " deployed, and the next `pulumi up` waits again"
            )


def _expected(probe: Probe) -> str:
    with_text = f" and {probe.contains!r}" if probe.contains else ""
    return f"{probe.status}{with_text}"
