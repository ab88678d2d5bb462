"""What a probe asks: a URL, or a function that is called. Never raises for what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from pulumi_modal.errors import GatewayError, NotReady
from pulumi_modal.gateway.port import AppRef, CallOrder, Gateway
from pulumi_modal.source.redaction import KNOWN
from pulumi_modal.spec.expectation import brief
from pulumi_modal.spec.probe import Probe

_SHOWN_BODY: Final = 200
_READ_BODY: Final = 1024 * 1024
"""Bytes of an answer that are looked at."""


@dataclass(frozen=True)
class Reply:
    """What one question got: was it the expected answer, and what it was in a few words."""

    words: str
    is_expected: bool = True


class Question(Protocol):
    """Something that can be asked again and again."""

    @property
    def about(self) -> str:
        """What is asked, for a message: `GET http://...`."""

    @property
    def short(self) -> str:
        """The same for a row: `/health`."""

    @property
    def expected(self) -> str:
        """What is expected: `200 and 'ok'`."""

    def ask(self, timeout_s: float) -> Reply:
        """Ask once, within so many seconds."""


@dataclass(frozen=True)
class Answer:
    """What one request got: a status with the body, or why there was none."""

    status: int = 0
    body: str = ""
    failure: str = ""

    def words(self) -> str:
        """In a few words, for people."""
        if self.failure:
            return self.failure
        body = KNOWN.hide(" ".join(self.body.split()))[:_SHOWN_BODY]  # before it is cut
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
        return Answer(failure=f"no answer within {timeout_s:.3g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(failure=f"{type(error).__name__}: {error}")
    try:
        said = body.decode(response.encoding or "utf-8", "replace")
    except (LookupError, UnicodeError) as error:  # a codec that is none of texts
        return Answer(failure=f"{response.status_code}, in a charset that cannot be read: {error}")
    return Answer(response.status_code, said)


@dataclass(frozen=True)
class UrlQuestion:
    """GET a path below a URL."""

    url: str
    probe: Probe
    http: Ask = ask_http

    @property
    def about(self) -> str:
        """Method and whole URL."""
        return f"GET {self._asked}"

    @property
    def short(self) -> str:
        """The path."""
        return self.probe.path

    @property
    def expected(self) -> str:
        """The status, and the text where there must be one."""
        with_text = f" and {self.probe.contains!r}" if self.probe.contains else ""
        return f"{self.probe.status}{with_text}"

    @property
    def _asked(self) -> str:
        return f"{self.url.rstrip('/')}{self.probe.path}"

    def ask(self, timeout_s: float) -> Reply:
        """One request."""
        answer = self.http(self._asked, timeout_s)
        return Reply(answer.words(), is_expected=is_ready(answer, self.probe))


def is_ready(answer: Answer, probe: Probe) -> bool:
    """True when the answer is the expected one."""
    contained = probe.contains is None or probe.contains in answer.body
    return not answer.failure and answer.status == probe.status and contained


@dataclass(frozen=True)
class CallQuestion:
    """Call a function of the app, or a method of a class."""

    gateway: Gateway
    app: AppRef
    probe: Probe
    root: Path

    @property
    def about(self) -> str:
        """The function, and whose it is."""
        return f"{self.short} of {self.app}"

    @property
    def short(self) -> str:
        """The function."""
        return f"{self.probe.call}()"

    @property
    def expected(self) -> str:
        """The answer, where one is expected."""
        return "any answer" if self.probe.expect is None else brief(self.probe.expect)

    def ask(self, timeout_s: float) -> Reply:
        """One call."""
        order = call_order(self.app, self.probe, self.root, timeout_s)
        try:
            (called,) = self.gateway.call(order)
        except GatewayError as error:
            return Reply(str(error), is_expected=False)
        return Reply(called.failure or called.answer, is_expected=not called.failure)


def question_of(app: AppRef, probe: Probe, url: str, gateway: Gateway, root: Path) -> Question:
    """What the probe of an app asks; NotReady when it asks for a URL and there is none."""
    if probe.call:
        return CallQuestion(gateway, app, probe, root)
    if not url:
        raise NotReady(f"{app} has no URL that its probe could ask")
    return UrlQuestion(url, probe)


def call_order(app: AppRef, probe: Probe, root: Path, timeout_s: float) -> CallOrder:
    """The call that a probe describes."""
    return CallOrder(
        app=app,
        call=probe.call or "",
        args=tuple(probe.args or ()),
        kwargs=probe.kwargs or {},
        expect=probe.expect,
        timeout_s=timeout_s,
        root=root,
    )
