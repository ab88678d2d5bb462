"""An app whose versions differ in health, deployed by the provider to a real local Modal."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_modal.gateway import connect as connecting
from pulumi_modal.gateway.port import AppRef, DeployOrder
from pulumi_modal.gateway.sdk import ModalGateway
from pulumi_modal.provider.app import AppProvider
from pulumi_modal.provider.app_canary import as_canary
from pulumi_modal.provider.app_inputs import deploy_request
from pulumi_modal.provider.operation import Operation, as_current
from tests.fakes.local_modal import LocalModalServer

SOURCE = """
import asyncio, json, modal

app = modal.App("in-code")


@app.function(max_containers=1)
@modal.concurrent(max_inputs=20)
@modal.asgi_app()
def web():
    async def asgi(scope, receive, send):
        if scope["type"] != "http":
            return
        print("{said} asked")
        await asyncio.sleep({delay})
        status = {health} if scope["path"] == "/health" else {status}
        await send({{"type": "http.response.start", "status": status, "headers": []}})
        await send({{"type": "http.response.body", "body": b"{said}"}})
    print("{said} starts")
    return asgi


@app.cls(max_containers=1)
class Model:
    @modal.enter()
    def load(self):
        self.said = "{said}"

    @modal.method()
    def predict(self, words, loud=False):
        if words == ["fail"]:
            raise ValueError("no weights")
        if words == ["odd"]:
            return Model
        return {{"said": self.said, "words": [one.upper() if loud else one for one in words]}}
"""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass
class Releases:
    """A folder with one Modal file, and an environment of its own to deploy it to."""

    folder: Path
    server: LocalModalServer
    gateway: ModalGateway
    environment: str
    provider: AppProvider = field(default_factory=AppProvider)
    told: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def write(
        self,
        said: str = "first",
        *,
        health: int = 200,
        status: int = 200,
        delay: float = 0,
    ) -> None:
        """Write the next version of the file."""
        text = SOURCE.format(said=said, health=health, status=status, delay=delay)
        (self.folder / "llm.py").write_text(text)

    def inputs(self, **said: Any) -> dict[str, Any]:
        """What a check makes of what a program says."""
        given = {"source": "llm.py", "app_name": "llm", "workspace": "local"}
        news = {**given, "environment": self.environment, **said}
        result = self.provider.check({}, news)
        assert result.failures == []
        return result.inputs

    def create(self, **said: Any) -> dict[str, Any]:
        """Deploy for the first time."""
        with self._operation():
            outs = self.provider.create(self.inputs(**said)).outs
        assert outs is not None
        return outs

    def update(self, olds: dict[str, Any], **said: Any) -> dict[str, Any]:
        """Deploy what the file is now."""
        with self._operation():
            outs = self.provider.update("x", olds, self.inputs(**said)).outs
        assert outs is not None
        return outs

    @property
    def app(self) -> AppRef:
        """The app in Modal."""
        return AppRef(self.environment, "llm")

    @property
    def version(self) -> int:
        """The version that runs."""
        found = self.gateway.find(self.app)
        assert found is not None
        return found.version

    def leave_a_canary(self, tags: Mapping[str, str] | None = None) -> None:
        """What an update leaves that is killed while it tries a new version."""
        request = deploy_request(self.inputs(), self.folder)
        order = as_canary(DeployOrder(request), {})
        self.gateway.deploy(order if tags is None else replace(order, tags=tags), lambda _: None)

    def wait_for_log(self, line: str) -> None:
        """Return once a container of the app has printed it."""
        found = self.gateway.find(self.app)
        assert found is not None
        end = time.monotonic() + 60
        while line not in self.gateway.last_lines(found.app_id, 50, LONG_AGO):
            assert time.monotonic() < end, f"nobody printed {line}"

    @contextmanager
    def _operation(self) -> Iterator[None]:
        operation = Operation(
            tell=self.told.append,
            note=self.noted.append,
            warn=self.warned.append,
            cancelled=self.cancelled,
        )
        with as_current(operation):
            yield


@dataclass
class Visitor:
    """Asks a URL again and again while the block runs, one question after the other."""

    url: str
    statuses: list[int] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def visiting(self) -> Iterator[None]:
        """Returns when the last question was answered."""
        over = threading.Event()
        thread = threading.Thread(target=self._visit, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(60)
            assert not thread.is_alive()

    def _visit(self, over: threading.Event) -> None:
        with httpx.Client(timeout=30) as client:
            while not over.wait(0.02):
                try:
                    answer = client.get(self.url)
                except httpx.HTTPError as error:
                    self.failures.append(repr(error))
                else:
                    self.statuses.append(answer.status_code)
                    self.bodies.append(answer.text)


@contextmanager
def releasing(
    folder: Path, server: LocalModalServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Releases]:
    """A project of its own on this local Modal, for a test that stands in its folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MODAL_LOCAL_HOME", str(server.home))
    monkeypatch.delenv("MODAL_ENVIRONMENT", raising=False)
    monkeypatch.setattr(connecting, "_OPEN", {})
    gateway = connecting.connect("local", "main", folder)
    assert isinstance(gateway, ModalGateway)
    yield releases_in(folder, server, gateway)
    gateway.close()


def releases_in(folder: Path, server: LocalModalServer, gateway: ModalGateway) -> Releases:
    """A first version of the file, and an environment that no other test uses."""
    name = f"release-{next(_numbers)}"
    gateway.create_environment(name)
    made = Releases(folder, server, gateway, name)
    made.write()
    return made
