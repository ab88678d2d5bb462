"""Starts containers: an image's Python, in a process group and a view of its own."""

from __future__ import annotations

import asyncio
import json
import os
import posixpath
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Final

from modal_proto import api_pb2

from modal_local.model import (
    BuiltImage,
    Catalog,
    LocalModalError,
    LogSink,
    MountedFile,
    TaskSpec,
)
from modal_local.supervisor import launcher
from modal_local.supervisor.filesystem import (
    Entry,
    Place,
    RealHost,
    lay_out,
    mounted_places,
    plan_view,
)
from modal_local.supervisor.process import RunningContainer
from modal_local.supervisor.variables import CLIENT_VARIABLE, Paths, container_variables

HOME_FOLDER: Final = "/root"
ARGUMENTS: Final = "/__modal/arguments"
_SYSTEM: Final = 3
_PROBE_DEADLINE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class RuntimeFolders:
    """Where containers live on disk, inside the folder of this local Modal."""

    home: Path
    """The whole folder; hidden from containers but for what they need."""
    containers: Path
    images: Path


@dataclass(frozen=True, slots=True)
class _Room:
    """One container's folder."""

    path: Path

    @property
    def tree(self) -> Path:
        return self.path / "fs"

    @property
    def view(self) -> Path:
        return self.path / "view"

    @property
    def arguments(self) -> Path:
        return self.path / "arguments"


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
            self.no_namespaces = await asyncio.to_thread(self._try_view)
            self._namespaces = not self.no_namespaces
        return self._namespaces

    def refuse_namespaces(self, reason: str) -> None:
        """Start containers without a file system of their own, although one may be possible."""
        self._namespaces = False
        self.no_namespaces = reason

    async def start(self, task: TaskSpec) -> RunningContainer:
        """Raises LocalModalError when the process cannot be started at all."""
        namespaces = await self.probe()
        image = self._images(task.function.definition.image_id)
        room = _Room(self._folders.containers / task.task_id)
        files = self._files(task, image)
        try:
            await asyncio.to_thread(self._furnish, room, task, image, files)
            places = self._places(room, task, image, files) if namespaces else None
            command = self._write_plan(room, image, places)
            paths = _paths(room, namespaces=namespaces)
            secrets = self._catalog.secret_env(list(task.function.definition.secret_ids))
            variables = container_variables(
                task, image, secrets=secrets, server_url=self._server_url(), paths=paths
            )
            process = _spawn(command, variables)
        except OSError as error:
            shutil.rmtree(room.path, ignore_errors=True)
            raise LocalModalError(f"a container could not be started: {error}") from error

        def say(descriptor: int, text: str) -> None:
            self._logs.append(
                task.function.app_id,
                function_id=task.function.function_id,
                task_id=task.task_id,
                descriptor=descriptor,
                text=text,
            )

        for line in self._shortcomings(task, files, namespaces=namespaces):
            say(_SYSTEM, f"{line}\n")

        async def clean() -> None:
            await asyncio.to_thread(shutil.rmtree, room.path, ignore_errors=True)

        # Modal's container runtime has a handler for SIGTERM in servers only
        stop_signal = SIGTERM if task.function.definition.is_server else SIGINT
        return RunningContainer(process, say, clean, stop_signal=stop_signal)

    def _files(self, task: TaskSpec, image: BuiltImage) -> dict[str, MountedFile]:
        mounted = self._catalog.mounted_files(list(task.function.definition.mount_ids))
        return {_absolute(file.remote_path): file for file in (*image.files, *mounted)}

    def _furnish(
        self, room: _Room, task: TaskSpec, image: BuiltImage, files: Mapping[str, MountedFile]
    ) -> None:
        for folder in (HOME_FOLDER, "/tmp", image.workdir or HOME_FOLDER):  # noqa: S108 - its own
            (room.tree / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        room.view.mkdir(exist_ok=True)
        room.path.chmod(0o700)
        lay_out(files, room.tree, link_large=not self._namespaces)
        if not self._namespaces:
            self._link_volumes(room, task)
        room.arguments.write_bytes(_arguments(task).SerializeToString())

    def _link_volumes(self, room: _Room, task: TaskSpec) -> None:
        for mount in task.function.definition.volume_mounts:
            link = room.tree / mount.mount_path.lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.symlink_to(self._volume(mount), target_is_directory=True)

    def _volume(self, mount: api_pb2.VolumeMount) -> Path:
        root = self._catalog.volume_path(mount.volume_id)
        relative = posixpath.normpath(posixpath.join("/", mount.sub_path)).lstrip("/")
        path = root / relative
        path.mkdir(parents=True, exist_ok=True)
        if not path.resolve().is_relative_to(root.resolve()):
            raise LocalModalError(f"{mount.sub_path} leads out of its volume")
        return path

    def _places(
        self, room: _Room, task: TaskSpec, image: BuiltImage, files: Mapping[str, MountedFile]
    ) -> list[Place]:
        places = [Place(str(self._folders.home))]
        places += mounted_places(files, room.tree, self._host)
        workdir = image.workdir or HOME_FOLDER
        if self._host.entry(workdir) is Entry.NOTHING:
            places.append(Place(workdir, str(room.tree) + workdir))
        needed = [str(self._folders.images), *_interpreter_folders()]
        needed += [image.env[CLIENT_VARIABLE]] if CLIENT_VARIABLE in image.env else []
        places += [Place(folder, folder) for folder in needed if _must_be_kept(folder, places)]
        places.append(Place(ARGUMENTS, str(room.arguments), read_only=True))
        places += [
            Place(_absolute(mount.mount_path), str(self._volume(mount)), mount.read_only)
            for mount in task.function.definition.volume_mounts
        ]
        return places

    def _write_plan(
        self, room: _Room, image: BuiltImage, places: Sequence[Place] | None
    ) -> list[str]:
        workdir = image.workdir or HOME_FOLDER
        mounts = None if places is None else plan_view(places, self._host)
        python = str(image.python)
        plan = {
            "parent": os.getpid(),
            "view": str(room.view),
            "mounts": None if mounts is None else [asdict(step) for step in mounts],
            "workdir": str(room.tree) + workdir if places is None else workdir,
            "argv": [python, "-m", "modal._container_entrypoint"],
        }
        return _launch(room.path / "plan.json", plan)

    def _try_view(self) -> str:
        if sys.platform != "linux":
            return "this system has no mount namespaces"
        room = _Room(self._folders.containers / ".probe")
        try:
            room.view.mkdir(parents=True, exist_ok=True)
            python = _interpreter()
            places = [Place(str(room.view / "probe"))]
            places += [Place(folder, folder) for folder in _interpreter_folders()]
            plan = {
                "parent": os.getpid(),
                "view": str(room.view),
                "mounts": [asdict(step) for step in plan_view(places, self._host)],
                "workdir": "/",
                "argv": [python, "-I", "-S", "-c", "pass"],
            }
            result = subprocess.run(
                _launch(room.path / "plan.json", plan),
                env={},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PROBE_DEADLINE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        finally:
            shutil.rmtree(room.path, ignore_errors=True)
        return "" if result.returncode == 0 else result.stderr.decode(errors="replace").strip()

    def _shortcomings(
        self, task: TaskSpec, files: Mapping[str, MountedFile], *, namespaces: bool
    ) -> list[str]:
        definition = task.function.definition
        lines = []
        if definition.cloud_bucket_mounts:
            lines.append("Cloud buckets are not mounted by the local Modal")
        if definition.shared_volume_mounts:
            lines.append("Network file systems are not mounted by the local Modal")
        if not namespaces:
            volumes = {_absolute(mount.mount_path) for mount in definition.volume_mounts}
            outside = {f"/{path.split('/')[1]}" for path in {*files, *volumes}} - {HOME_FOLDER}
            lines += [
                f"{path} is not at its place: {self.no_namespaces}" for path in sorted(outside)
            ]
        return lines


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


def _launch(path: Path, plan: Mapping[str, object]) -> list[str]:
    path.write_text(json.dumps(plan))
    return [_interpreter(), "-I", "-S", str(Path(launcher.__file__)), str(path)]


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


def _paths(room: _Room, *, namespaces: bool) -> Paths:
    if namespaces:
        return Paths(home=HOME_FOLDER, arguments=ARGUMENTS, temporary="/tmp")  # noqa: S108 - its own
    return Paths(
        home=str(room.tree) + HOME_FOLDER,
        arguments=str(room.arguments),
        temporary=str(room.tree / "tmp"),
    )


def _interpreter() -> str:
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def _interpreter_folders() -> list[str]:
    return sorted({sys.base_prefix, os.path.realpath(sys.base_prefix)})


def _must_be_kept(folder: str, places: Sequence[Place]) -> bool:
    """Whether a folder of the host would be covered by what is laid over the host."""
    return any(folder.startswith(f"{place.target}/") for place in places)


def _absolute(path: str) -> str:
    return posixpath.normpath(posixpath.join("/", path))
