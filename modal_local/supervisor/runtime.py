"""Starts containers: an image's Python, in a process group, a view and a network of its own."""

from __future__ import annotations

import asyncio
import functools
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Final

from modal_proto import api_pb2

from modal_local.errors import LocalModalError
from modal_local.model import BuiltImage, Catalog, LogSink, TaskSpec
from modal_local.supervisor.filesystem import Place, RealHost
from modal_local.supervisor.leftovers import end_leftovers
from modal_local.supervisor.network import ContainerNetwork
from modal_local.supervisor.probe import why_no_network, why_no_view
from modal_local.supervisor.process import RunningContainer
from modal_local.supervisor.room import HOME_FOLDER, Room, interpreter_folders
from modal_local.supervisor.supplies import Supplies, shortcomings, supplies_for
from modal_local.supervisor.variables import CLIENT_VARIABLE, container_variables

_SYSTEM: Final = 3


@dataclass(frozen=True, slots=True)
class RuntimeFolders:
    """Where containers live on disk, inside the folder of this local Modal."""

    home: Path
    """The whole folder; hidden from containers but for what they need."""
    containers: Path
    images: Path


@dataclass(frozen=True, slots=True)
class Addresses:
    """How containers reach the server."""

    server_url: Callable[[], str]
    local_ports: Callable[[], Sequence[int]] = tuple
    """Ports of this machine that a container with a network of its own is given access to."""


@dataclass(frozen=True, slots=True)
class _Order:
    """A container about to be started."""

    task: TaskSpec
    image: BuiltImage
    room: Room
    supplies: Supplies
    network: ContainerNetwork | None
    has_view: bool


class ProcessRuntime:
    """Containers as processes of this machine."""

    def __init__(
        self,
        folders: RuntimeFolders,
        *,
        catalog: Catalog,
        images: Callable[[str], BuiltImage],
        logs: LogSink,
        addresses: Addresses,
    ) -> None:
        self._folders = folders
        self._catalog = catalog
        self._images = images
        self._logs = logs
        self._addresses = addresses
        self._host = RealHost()
        self._namespaces: bool | None = None
        self.no_namespaces = ""
        """Why containers have no file system of their own; empty when they have."""
        self._no_network: str | None = None
        self._probing = asyncio.Lock()

    async def probe(self) -> bool:
        """Whether containers can have a file system of their own here; asked once."""
        async with self._probing:
            if self._namespaces is None:
                containers = self._folders.containers
                self.no_namespaces = await asyncio.to_thread(why_no_view, containers, self._host)
                self._namespaces = not self.no_namespaces
            return self._namespaces

    async def end_leftovers(self) -> int:
        """End what a killed server left behind; how many processes. Called before any start."""
        return await asyncio.to_thread(end_leftovers, self._folders.containers)

    def refuse_namespaces(self, reason: str) -> None:
        """Start containers without a file system of their own, although one may be possible."""
        self._namespaces = False
        self.no_namespaces = reason

    async def start(self, task: TaskSpec) -> RunningContainer:
        """Raises LocalModalError when the process cannot be started at all."""
        has_view = await self.probe()
        network = await self._network(task.function.definition)
        image = self._images(task.function.definition.image_id)
        room = Room(self._folders.containers / task.task_id, image.workdir or HOME_FOLDER)

        async def clean() -> None:
            if network is not None:
                network.close()
            await asyncio.to_thread(shutil.rmtree, room.path, ignore_errors=True)

        try:
            supplies = supplies_for(task, image, self._catalog)
            order = _Order(task, image, room, supplies, network, has_view)
            process = _spawn(*await asyncio.to_thread(self._prepare, order), network)
        except (OSError, LocalModalError) as error:
            await clean()
            raise LocalModalError(f"a container could not be started: {error}") from error
        say = functools.partial(self._say, task)
        definition = task.function.definition
        for line in shortcomings(definition, supplies, self.no_namespaces):
            say(_SYSTEM, f"{line}\n")
        # Modal's container runtime has a handler for SIGTERM in servers only
        stop_signal = SIGTERM if definition.is_server else SIGINT
        dial = network.dial if network is not None else None
        container = RunningContainer(process, say, clean, stop_signal=stop_signal, dial=dial)
        if network is not None:
            await _open(network, container)
        return container

    async def _network(self, definition: api_pb2.Function) -> ContainerNetwork | None:
        """For a container that listens on a port of its choice. Raises LocalModalError."""
        if not _listens(definition):
            return None
        async with self._probing:
            if self._no_network is None:
                containers = self._folders.containers
                self._no_network = await asyncio.to_thread(why_no_network, containers, self._host)
        if self._no_network:
            raise LocalModalError(
                f"{definition.function_name}: web_server and app.server need a network of their "
                f"own, which this machine does not give ({self._no_network}); "
                "use asgi_app or fastapi_endpoint"
            )
        return ContainerNetwork(self._addresses.local_ports())

    def _prepare(self, order: _Order) -> tuple[list[str], dict[str, str]]:
        """The command of a container and its environment; its folder is ready then."""
        room, image, supplies = order.room, order.image, order.supplies
        room.furnish(supplies.files, supplies.volumes, namespaces=order.has_view)
        room.arguments.write_bytes(_arguments(order.task).SerializeToString())
        places = None
        if order.has_view:
            own = [Place(str(self._folders.home)), *room.places(supplies.files, self._host)]
            places = [*own, *self._kept(image, own), *supplies.volumes]
        argv = [str(image.python), "-m", "modal._container_entrypoint"]
        variables = container_variables(
            order.task,
            image,
            secrets=supplies.secrets,
            server_url=self._addresses.server_url(),
            paths=room.paths(namespaces=order.has_view),
        )
        plan = None
        if order.network is not None:
            plan = order.network.plan
            variables = {**order.network.variables, **variables}
        return room.launch(argv, places, self._host, plan), variables

    def _kept(self, image: BuiltImage, places: Sequence[Place]) -> list[Place]:
        """Folders of the host that a container needs although something is laid over them."""
        needed = [str(self._folders.images), *interpreter_folders()]
        needed += [image.env[CLIENT_VARIABLE]] if CLIENT_VARIABLE in image.env else []
        return [
            Place(folder, folder)
            for folder in needed
            if any(folder.startswith(f"{place.target}/") for place in places)
        ]

    def _say(self, task: TaskSpec, descriptor: int, text: str) -> None:
        self._logs.append(
            task.function.app_id,
            function_id=task.function.function_id,
            task_id=task.task_id,
            descriptor=descriptor,
            text=text,
        )


def _listens(definition: api_pb2.Function) -> bool:
    """Whether code in the container listens on a port of its choice."""
    kinds = [definition.webhook_config.type]
    kinds += [method.webhook_config.type for method in definition.method_definitions.values()]
    return definition.is_server or api_pb2.WEBHOOK_TYPE_WEB_SERVER in kinds


def _spawn(
    command: Sequence[str], variables: Mapping[str, str], network: ContainerNetwork | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
        pass_fds=[network.plan.control] if network is not None else [],
    )


async def _open(network: ContainerNetwork, container: RunningContainer) -> None:
    try:
        await network.open()
    except LocalModalError:
        container.kill()
        await container.wait()
        raise


def _arguments(task: TaskSpec) -> api_pb2.ContainerArguments:
    function = task.function
    return api_pb2.ContainerArguments(
        task_id=task.task_id,
        function_id=function.function_id,
        app_id=function.app_id,
        function_def=function.definition,
        serialized_params=function.serialized_params,
        environment_name=function.environment,
        app_layout=function.layout,
    )
