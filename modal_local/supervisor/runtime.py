"""Starts containers: an image's Python, in a process group and a view of its own."""

from __future__ import annotations

import asyncio
import functools
import posixpath
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Final

from modal_proto import api_pb2

from modal_local.errors import LocalModalError
from modal_local.model import BuiltImage, Catalog, LogSink, MountedFile, TaskSpec
from modal_local.supervisor.filesystem import Place, RealHost
from modal_local.supervisor.leftovers import end_leftovers
from modal_local.supervisor.process import RunningContainer
from modal_local.supervisor.room import (
    HOME_FOLDER,
    Room,
    absolute,
    interpreter_folders,
    why_no_view,
)
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
class _Given:
    """What the catalog gives to a container; asked for on the server's own thread."""

    files: Mapping[str, MountedFile]
    volumes: Sequence[Place]
    secrets: Mapping[str, str]


class ProcessRuntime:
    """Containers as processes of this machine."""

    def __init__(
        self,
        folders: RuntimeFolders,
        *,
        catalog: Catalog,
        images: Callable[[str], BuiltImage],
        logs: LogSink,
        server_url: Callable[[], str],
    ) -> None:
        self._folders = folders
        self._catalog = catalog
        self._images = images
        self._logs = logs
        self._server_url = server_url
        self._host = RealHost()
        self._namespaces: bool | None = None
        self.no_namespaces = ""
        """Why containers have no file system of their own; empty when they have."""

    async def probe(self) -> bool:
        """Whether containers can have a file system of their own here; asked once."""
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
        _refuse_fixed_ports(task.function.definition)
        namespaces = await self.probe()
        image = self._images(task.function.definition.image_id)
        room = Room(self._folders.containers / task.task_id, image.workdir or HOME_FOLDER)
        try:
            given = self._given(task, image)
            prepare = functools.partial(self._prepare, room, task, image, given)
            process = _spawn(*await asyncio.to_thread(prepare, namespaces=namespaces))
        except (OSError, LocalModalError) as error:
            await asyncio.to_thread(shutil.rmtree, room.path, ignore_errors=True)
            raise LocalModalError(f"a container could not be started: {error}") from error
        say = self._say(task)
        for line in self._shortcomings(task, given, namespaces=namespaces):
            say(_SYSTEM, f"{line}\n")

        async def clean() -> None:
            await asyncio.to_thread(shutil.rmtree, room.path, ignore_errors=True)

        # Modal's container runtime has a handler for SIGTERM in servers only
        stop_signal = SIGTERM if task.function.definition.is_server else SIGINT
        return RunningContainer(process, say, clean, stop_signal=stop_signal)

    def _prepare(
        self, room: Room, task: TaskSpec, image: BuiltImage, given: _Given, *, namespaces: bool
    ) -> tuple[list[str], dict[str, str]]:
        """The command of a container and its environment; its folder is ready then."""
        room.furnish(given.files, given.volumes, namespaces=namespaces)
        room.arguments.write_bytes(_arguments(task).SerializeToString())
        places = None
        if namespaces:
            own = [Place(str(self._folders.home)), *room.places(given.files, self._host)]
            places = [*own, *self._kept(image, own), *given.volumes]
        argv = [str(image.python), "-m", "modal._container_entrypoint"]
        variables = container_variables(
            task,
            image,
            secrets=given.secrets,
            server_url=self._server_url(),
            paths=room.paths(namespaces=namespaces),
        )
        return room.launch(argv, places, self._host), variables

    def _kept(self, image: BuiltImage, places: Sequence[Place]) -> list[Place]:
        """Folders of the host that a container needs although something is laid over them."""
        needed = [str(self._folders.images), *interpreter_folders()]
        needed += [image.env[CLIENT_VARIABLE]] if CLIENT_VARIABLE in image.env else []
        return [
            Place(folder, folder)
            for folder in needed
            if any(folder.startswith(f"{place.target}/") for place in places)
        ]

    def _given(self, task: TaskSpec, image: BuiltImage) -> _Given:
        definition = task.function.definition
        mounted = self._catalog.mounted_files(list(definition.mount_ids))
        return _Given(
            files={absolute(file.remote_path): file for file in (*image.files, *mounted)},
            volumes=[
                Place(absolute(mount.mount_path), str(self._volume(mount)), mount.read_only)
                for mount in definition.volume_mounts
            ],
            secrets=self._catalog.secret_env(list(definition.secret_ids)),
        )

    def _volume(self, mount: api_pb2.VolumeMount) -> Path:
        root = self._catalog.volume_path(mount.volume_id)
        relative = posixpath.normpath(posixpath.join("/", mount.sub_path)).lstrip("/")
        path = (root / relative).resolve()
        if not path.is_relative_to(root.resolve()):
            raise LocalModalError(f"{mount.sub_path} leads out of its volume")
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _say(self, task: TaskSpec) -> Callable[[int, str], None]:
        def say(descriptor: int, text: str) -> None:
            self._logs.append(
                task.function.app_id,
                function_id=task.function.function_id,
                task_id=task.task_id,
                descriptor=descriptor,
                text=text,
            )

        return say

    def _shortcomings(self, task: TaskSpec, given: _Given, *, namespaces: bool) -> list[str]:
        definition = task.function.definition
        lines = []
        if definition.cloud_bucket_mounts:
            lines.append("Cloud buckets are not mounted by the local Modal")
        if definition.shared_volume_mounts:
            lines.append("Network file systems are not mounted by the local Modal")
        if not namespaces:
            targets = {*given.files, *(volume.target for volume in given.volumes)}
            outside = {f"/{path.split('/')[1]}" for path in targets} - {HOME_FOLDER}
            lines += [
                f"{path} is not at its place: {self.no_namespaces}" for path in sorted(outside)
            ]
        return lines


def _refuse_fixed_ports(definition: api_pb2.Function) -> None:
    kinds = [definition.webhook_config.type]
    kinds += [method.webhook_config.type for method in definition.method_definitions.values()]
    if definition.is_server or api_pb2.WEBHOOK_TYPE_WEB_SERVER in kinds:
        raise LocalModalError(
            f"{definition.function_name}: web_server and app.server need a port of their own, "
            "which the local Modal does not give yet; use asgi_app or fastapi_endpoint"
        )


def _spawn(command: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    )


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
