"""Two Modals behind one door: in memory, and a real local one. Contracts hold on both."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import modal

from pulumi_modal.gateway.credentials import local_credentials
from pulumi_modal.gateway.port import AppRef, DeployOrder, Gateway, VolumeNeed
from pulumi_modal.gateway.sdk import ModalGateway
from pulumi_modal.source.request import PlanRequest
from tests.fakes.gateway import FakeGateway
from tests.fakes.local_modal import LocalModalServer, local_modal

_numbers = itertools.count(1)
TWO = """
@app.function({settings})
def answer():
    return {answer}

@app.cls()
class Model:
    @modal.method()
    def predict(self):
        return 1
"""


class World(Protocol):
    """A Modal, with what a gateway cannot do: make secrets and volumes, call functions."""

    gateway: Gateway

    def make_secret(self, environment: str, name: str, keys: Iterable[str]) -> None:
        """Make a named secret."""

    def make_volume(self, environment: str, name: str) -> None:
        """Make a named volume."""

    def remake_volume(self, environment: str, name: str) -> None:
        """Delete a named volume, and make another of that name."""

    def roll_back(self, app: AppRef, version: int) -> None:
        """Go back to an older version."""

    def run_function(self, app: AppRef, function: str, prints: str) -> None:
        """Call a function that prints this."""


class FakeWorld:
    """In memory."""

    def __init__(self) -> None:
        self.fake = FakeGateway()
        self.gateway: Gateway = self.fake

    def make_secret(self, environment: str, name: str, keys: Iterable[str]) -> None:
        self.fake.secrets[environment, name] = frozenset(keys)

    def make_volume(self, environment: str, name: str) -> None:
        self.fake.volumes.add((environment, name))

    def remake_volume(self, environment: str, name: str) -> None:
        self.fake.remake(VolumeNeed(name, environment))

    def roll_back(self, app: AppRef, version: int) -> None:
        self.fake.roll_back(app, version)

    def run_function(self, app: AppRef, function: str, prints: str) -> None:
        del function
        self.fake.print(app, prints)


class LocalWorld:
    """A real local Modal, by the SDK."""

    def __init__(self, server: LocalModalServer) -> None:
        self.server = server
        self.opened = ModalGateway(local_credentials(server.home))
        self.gateway: Gateway = self.opened

    def make_secret(self, environment: str, name: str, keys: Iterable[str]) -> None:
        values = dict.fromkeys(keys, "a value")
        with self.server.client() as client:
            modal.Secret.objects.create(name, values, environment_name=environment, client=client)

    def make_volume(self, environment: str, name: str) -> None:
        with self.server.client() as client:
            modal.Volume.objects.create(name, environment_name=environment, client=client)

    def remake_volume(self, environment: str, name: str) -> None:
        with self.server.client() as client:
            modal.Volume.objects.delete(name, environment_name=environment, client=client)
        self.make_volume(environment, name)

    def roll_back(self, app: AppRef, version: int) -> None:
        self.server.modal("app", "rollback", "--env", app.environment, app.name, f"v{version}")

    def run_function(self, app: AppRef, function: str, prints: str) -> None:
        del prints
        with self.server.client() as client:
            modal.Function.from_name(
                app.name, function, environment_name=app.environment, client=client
            ).remote()


@contextmanager
def local_world(folder: Path) -> Iterator[LocalWorld]:
    """A real local Modal while the block runs."""
    with local_modal(folder) as server:
        world = LocalWorld(server)
        try:
            yield world
        finally:
            world.opened.close()


def a_new_environment(world: World) -> str:
    """An environment that no other test uses."""
    name = f"env-{next(_numbers)}"
    world.gateway.create_environment(name)
    return name


def an_order(
    folder: Path, body: str, environment: str, name: str = "app", deadline_s: float = 60.0
) -> DeployOrder:
    """An order to deploy a Modal file with this body, as the app of this name."""
    source = f"{name}.py"
    text = f"import modal\napp = modal.App('in-code')\n{textwrap.dedent(body)}"
    (folder / source).write_text(text)
    return DeployOrder(PlanRequest(source, folder, name, environment), deadline_s=deadline_s)


def silent(words: str) -> None:
    """Takes what a deploy tells."""
    del words


def two(
    folder: Path, environment: str, answer: int = 1, name: str = "app", **settings: Any
) -> DeployOrder:
    """An order to deploy a function `answer` with these settings, and a class `Model`."""
    said = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    return an_order(folder, TWO.format(answer=answer, settings=said), environment, name)


def deployed(world: World, order: DeployOrder) -> AppRef:
    """Deploy; the app."""
    world.gateway.deploy(order, silent)
    return AppRef(order.request.environment, order.request.app_name)
