"""The nouns that the rooms of the local Modal share, and the ports between them.

RPC or HTTP -> store -> reconciler -> `scheduling` decides -> `supervisor` acts -> store.
Records are frozen; protobuf messages inside them are never changed after construction.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from modal_proto import api_pb2


@dataclass(frozen=True, slots=True)
class LiveFunction:
    """A function as one pool of containers serves it: definition, options, parameters merged."""

    function_id: str
    """The id that callers use; of its own for a class with parameters or `with_options`."""
    base_function_id: str
    definition_id: str
    tag: str
    """Name in the app: `embed`, or `Model.*` for a class."""
    app_id: str
    app_name: str
    environment: str
    version: int
    definition: api_pb2.Function
    autoscaler: api_pb2.AutoscalerSettings
    """Bounds in force: of the definition, under what a caller set since the deploy."""
    serialized_params: bytes
    layout: api_pb2.AppLayout

    @property
    def pool_id(self) -> str:
        """Containers of one pool are interchangeable; a new version is a new pool."""
        return f"{self.function_id}/{self.definition_id}/{self.version}"


@dataclass(frozen=True, slots=True)
class MountedFile:
    """One file that a deploy uploaded and a container sees at `remote_path`."""

    remote_path: str
    content: Path
    mode: int


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image as the local Modal can give it: an interpreter, variables, files, a directory."""

    image_id: str
    python: Path
    """The interpreter of its environment; it sees modal and the image's own packages."""
    env: Mapping[str, str]
    workdir: str
    files: Sequence[MountedFile]


class Catalog(Protocol):
    """What is deployed, and with what: the store's face towards execution."""

    def live(self, function_id: str) -> LiveFunction:
        """The version that serves now. Raises NotFound (also for a stopped app)."""

    def live_functions(self, app_id: str | None = None) -> Sequence[LiveFunction]:
        """Every function (without parameters) of the deployed apps, or of one app."""

    def secret_env(self, secret_ids: Sequence[str]) -> Mapping[str, str]:
        """Variables of these secrets; later ones win."""

    def volume_path(self, volume_id: str) -> Path:
        """The directory that is this volume."""

    def mounted_files(self, mount_ids: Sequence[str]) -> Sequence[MountedFile]:
        """The files of these mounts (the client's own mount has none)."""


class LogSink(Protocol):
    """Where lines of containers and builds go; `append` also wakes those who follow."""

    def append(
        self, app_id: str, *, function_id: str, task_id: str, descriptor: int, text: str
    ) -> None:
        """Keep one line (or a chunk ending in one); descriptor 1 stdout, 2 stderr, 3 system."""

    def tail(self, app_id: str, *, task_id: str = "", lines: int = 20) -> Sequence[str]:
        """The last lines of an app, or of one container."""


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A container that is about to be started."""

    task_id: str
    secret: str
    """Proves to the control plane which container calls; never shown."""
    function: LiveFunction


class ContainerProcess(Protocol):
    """A started container: a process group of its own."""

    pid: int

    async def wait(self) -> int:
        """Exit status; negative for a signal. Its output has been logged when this returns."""

    async def dial(self, port: int) -> socket.socket:
        """A connection to a program in it that listens. Raises OSError."""

    def terminate(self) -> None:
        """SIGTERM to the container, which runs its exit hooks."""

    def kill(self) -> None:
        """SIGKILL to the whole group."""


class ContainerRuntime(Protocol):
    """Starts containers; knows images, mounts, volumes and namespaces."""

    async def start(self, task: TaskSpec) -> ContainerProcess:
        """Raises LocalModalError when the process cannot be started at all."""


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """A running container, as lists show it."""

    task_id: str
    app_id: str
    function_id: str
    function_tag: str
    version: int
    pid: int
    state: str
    """starting, ready, draining or stopping."""
    started_at: float
    running_inputs: int
    gpu: str
    """As requested (`H100:2`); nothing is attached on this machine."""
    app_name: str = ""
    environment: str = ""


class WebCall(Protocol):
    """One HTTP request or websocket on its way through a container."""

    async def send(self, event: Mapping[str, Any]) -> None:
        """Pass an ASGI event (http.request, http.disconnect, websocket.*) to the container."""

    def events(self) -> AsyncIterator[Mapping[str, Any]]:
        """ASGI events from the container, until its answer is complete. Raises CallFailed."""

    async def cancel(self) -> None:
        """The client has gone; the input is cancelled. Repeats safely."""


class Lease(Protocol):
    """The place of one HTTP request in a container that listens itself."""

    async def connect(self) -> socket.socket:
        """A connection to the container that has the request. Raises CallFailed."""


class Requests(Protocol):
    """HTTP requests to containers that listen themselves."""

    def listens(self, function_id: str) -> bool:
        """Whether a function's containers do. Raises NotFound."""

    def lease(self, function_id: str) -> AbstractAsyncContextManager[Lease]:
        """A place for one request while the block runs. Raises NotFound, QueueFull."""


class Execution(Protocol):
    """Calls, queues and containers: what RPCs and the ingress ask of execution."""

    @property
    def requests(self) -> Requests:
        """For visitors of containers that listen themselves."""

    async def app_published(self, app_id: str, *, recreate: bool) -> None:
        """A version became live: new inputs go to it at once, older containers drain."""

    async def app_stopped(self, app_id: str) -> None:
        """Fail what is queued, stop all containers; returns when no process is left."""

    def autoscaler_changed(self, function_id: str) -> None:
        """Bounds were set by a caller; scale to them now."""

    def containers(self, app_id: str | None = None) -> Sequence[ContainerFacts]:
        """Running containers, oldest first."""

    async def stop_container(self, task_id: str) -> None:
        """Stop one container; its inputs go back to the queue. Raises NotFound."""

    def backlog(self, function_id: str) -> int:
        """Inputs that wait for a container."""

    async def open_web_call(
        self, function_id: str, *, method_name: str, scope: Mapping[str, Any]
    ) -> WebCall:
        """Queue one web input. Raises NotFound, CallFailed (queue full, crash loop)."""
