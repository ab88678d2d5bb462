"""An app whose versions differ in health, deployed by the provider to a real local Modal."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_modal.gateway.port import AppRef
from pulumi_modal.gateway.sdk import ModalGateway
from pulumi_modal.provider.app import AppProvider
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
        await asyncio.sleep({delay})
        status = 200 if scope["path"] == "/health" else {status}
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
        {body}
        return {{"said": self.said, "words": [one.upper() if loud else one for one in words]}}
"""
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
    warned: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def write(
        self, said: str = "first", status: int = 200, delay: float = 0, body: str = "pass"
    ) -> None:
        """Write the next version of the file."""
        text = SOURCE.format(said=said, status=status, delay=delay, body=body)
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

    @contextmanager
    def _operation(self) -> Iterator[None]:
        operation = Operation(
            tell=self.told.append, warn=self.warned.append, cancelled=self.cancelled
        )
        with as_current(operation):
            yield


def releases_in(folder: Path, server: LocalModalServer, gateway: ModalGateway) -> Releases:
    """A first version of the file, and an environment that no other test uses."""
    name = f"release-{next(_numbers)}"
    gateway.create_environment(name)
    made = Releases(folder, server, gateway, name)
    made.write()
    return made
