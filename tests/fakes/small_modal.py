"""The smallest deploy side that the stock client accepts, in front of real execution.

One app, kept in memory; images are this interpreter; containers are real.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import itertools
import logging
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import grpclib.const
import modal
import psutil
from google.protobuf import empty_pb2
from google.protobuf.message import Message
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Server
from modal_proto import api_grpc, api_pb2

from modal_local.errors import LocalModalError, NotFound
from modal_local.model import BuiltImage, LiveFunction, MountedFile
from modal_local.rpc.call import CallRpc
from modal_local.rpc.container import ContainerRpc
from modal_local.rpc.refusal import grpc_error
from modal_local.supervisor.execution import LocalExecution, Ports, Room
from modal_local.supervisor.runtime import Addresses, ProcessRuntime, RuntimeFolders

CREDENTIALS = ("ak-test", "as-test")
log = logging.getLogger(__name__)


@dataclass
class KeptLogs:
    """A log sink that keeps all."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def append(
        self, app_id: str, *, function_id: str, task_id: str, descriptor: int, text: str
    ) -> None:
        del app_id, function_id, descriptor
        self.lines.append((task_id, text.rstrip("\n")))

    def tail(self, app_id: str, *, task_id: str = "", lines: int = 20) -> Sequence[str]:
        del app_id
        return [text for task, text in self.lines if task_id in {"", task}][-lines:]


class OneApp:
    """Catalog of one app: what was created, and what of it is live."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.version = 0
        self.is_deployed = False
        self.definitions: dict[str, tuple[str, api_pb2.Function]] = {}
        self.metadata: dict[str, api_pb2.FunctionHandleMetadata] = {}
        self.classes: dict[str, str] = {}
        self.bound: dict[str, tuple[str, api_pb2.FunctionBindParamsRequest]] = {}
        self.published: dict[str, tuple[str, api_pb2.Function]] = {}
        self.layout = api_pb2.AppLayout()
        self.bounds: dict[str, api_pb2.AutoscalerSettings] = {}
        self.files: list[MountedFile] = []

    def publish(self, request: api_pb2.AppPublishRequest) -> None:
        """What was created becomes live."""
        self.version += 1
        self.is_deployed = True
        self.published = {i: self.definitions[i] for i in request.function_ids.values()}
        self.layout = api_pb2.AppLayout(
            function_ids=request.function_ids, class_ids=request.class_ids
        )
        for function_id, (_, definition) in self.published.items():
            self.layout.objects.add(
                object_id=function_id, function_handle_metadata=self.metadata[function_id]
            )
            for dependency in definition.object_dependencies:
                self.layout.objects.add(object_id=dependency.object_id)
        for class_id in request.class_ids.values():
            self.layout.objects.add(
                object_id=class_id, class_handle_metadata=api_pb2.ClassHandleMetadata()
            )

    def live(self, function_id: str) -> LiveFunction:
        base_id, bind = self.bound.get(function_id, (function_id, None))
        if not self.is_deployed or base_id not in self.published:
            raise NotFound(f"function {function_id} is not deployed")
        definition_id, definition = self.published[base_id]
        return LiveFunction(
            function_id=function_id,
            base_function_id=base_id,
            definition_id=definition_id,
            tag=definition.function_name,
            app_id="ap-1",
            app_name="test",
            environment="main",
            version=self.version,
            definition=definition,
            autoscaler=self.bounds.get(function_id, definition.autoscaler_settings),
            serialized_params=bind.serialized_params if bind else b"",
            layout=self.layout,
        )

    def live_functions(self, app_id: str | None = None) -> Sequence[LiveFunction]:
        del app_id
        return [self.live(i) for i in self.published] if self.is_deployed else []

    def secret_env(self, secret_ids: Sequence[str]) -> Mapping[str, str]:
        del secret_ids
        return {}

    def volume_path(self, volume_id: str) -> Path:
        return self._folder / volume_id

    def mounted_files(self, mount_ids: Sequence[str]) -> Sequence[MountedFile]:
        del mount_ids
        return self.files


class DeploySide:
    """RPCs of a deploy."""

    def __init__(self, app: OneApp, execution: LocalExecution) -> None:
        self._app = app
        self._execution = execution
        self._numbers = itertools.count(1)

    def answers(self) -> dict[str, Callable[[Any], Any]]:
        """Reply to each request by its RPC."""
        environment = api_pb2.EnvironmentGetOrCreateResponse(environment_id="en-1")
        environment.metadata.settings.image_builder_version = "2025.06"
        image = api_pb2.ImageGetOrCreateResponse(image_id="im-1")
        image.result.status = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS
        image.metadata.image_builder_version = "2025.06"
        exists = api_pb2.MountPutFileResponse(exists=True)
        return {
            "ClientHello": lambda _: api_pb2.ClientHelloResponse(),
            "EnvironmentGetOrCreate": lambda _: environment,
            "ImageGetOrCreate": lambda _: image,
            "MountBatchedCheckExistence": lambda _: api_pb2.MountBatchedCheckExistenceResponse(),
            "MountPutFile": lambda _: exists,
            "MountGetOrCreate": lambda _: api_pb2.MountGetOrCreateResponse(mount_id="mo-1"),
            "AppGetByDeploymentName": self._find,
            "AppCreate": lambda _: api_pb2.AppCreateResponse(app_id="ap-1"),
            "AppGetLayout": lambda _: api_pb2.AppGetLayoutResponse(app_layout=self._app.layout),
            "AppHeartbeat": lambda _: empty_pb2.Empty(),
            "AppClientDisconnect": lambda _: empty_pb2.Empty(),
            "FunctionPrecreate": self._precreate,
            "FunctionCreate": self._create,
            "ClassCreate": self._create_class,
            "FunctionBindParams": self._bind,
            "AppPublish": self._publish,
        }

    def _find(self, _: object) -> Message:
        app_id = "ap-1" if self._app.is_deployed else ""
        return api_pb2.AppGetByDeploymentNameResponse(app_id=app_id, environment_name="main")

    def _id(self, prefix: str) -> str:
        return f"{prefix}-{next(self._numbers)}"

    def _precreate(self, request: api_pb2.FunctionPrecreateRequest) -> Message:
        function_id = request.existing_function_id or self._id("fu")
        metadata = api_pb2.FunctionHandleMetadata(
            function_name=request.function_name,
            function_type=request.function_type,
            app_id="ap-1",
            supported_input_formats=request.supported_input_formats,
            supported_output_formats=request.supported_output_formats,
        )
        for name, method in request.method_definitions.items():
            metadata.method_handle_metadata[name].CopyFrom(
                api_pb2.FunctionHandleMetadata(
                    function_name=method.function_name,
                    function_type=method.function_type,
                    is_method=True,
                    use_method_name=name,
                    supported_input_formats=method.supported_input_formats,
                    supported_output_formats=method.supported_output_formats,
                )
            )
        self._app.metadata[function_id] = metadata
        return api_pb2.FunctionPrecreateResponse(function_id=function_id, handle_metadata=metadata)

    def _create(self, request: api_pb2.FunctionCreateRequest) -> Message:
        definition_id = self._id("de")
        function_id = request.existing_function_id
        self._app.definitions[function_id] = (definition_id, request.function)
        metadata = self._app.metadata[function_id]
        metadata.definition_id = definition_id
        metadata.class_parameter_info.CopyFrom(request.function.class_parameter_info)
        response = api_pb2.FunctionCreateResponse(
            function_id=function_id, function=request.function, handle_metadata=metadata
        )
        response.function_data.ranked_functions.add(rank=1, function=request.function)
        return response

    def _create_class(self, request: api_pb2.ClassCreateRequest) -> Message:
        return api_pb2.ClassCreateResponse(
            class_id=request.existing_class_id or self._id("cs"),
            handle_metadata=api_pb2.ClassHandleMetadata(),
        )

    def _bind(self, request: api_pb2.FunctionBindParamsRequest) -> Message:
        digest = hashlib.sha256(request.serialized_params).hexdigest()[:8]
        bound_id = f"{request.function_id}-{digest}"
        self._app.bound[bound_id] = (request.function_id, request)
        metadata = self._app.metadata[request.function_id]
        return api_pb2.FunctionBindParamsResponse(
            bound_function_id=bound_id, handle_metadata=metadata
        )

    async def _publish(self, request: api_pb2.AppPublishRequest) -> Message:
        self._app.publish(request)
        await self._execution.app_published("ap-1", recreate=False)
        return api_pb2.AppPublishResponse(url="http://127.0.0.1/", deployed_at=1.0)


class Doors:
    """What grpclib serves: the deploy side, and the RPCs under test."""

    def __init__(
        self, answers: Mapping[str, Callable[[Any], Any]], parts: Sequence[object]
    ) -> None:
        self._answers = answers
        self._parts = parts
        self.refused: list[str] = []
        self.url = ""

    def __mapping__(self) -> dict[str, grpclib.const.Handler]:
        mapping: dict[str, grpclib.const.Handler] = {}
        for path, handler in _every_rpc().items():
            name = path.rpartition("/")[2]
            mapping[path] = handler._replace(func=self._door(name))
        return mapping

    def _door(self, name: str) -> Callable[[Any], Any]:
        async def door(stream: Any) -> None:
            try:
                await self._pass(name, stream)
            except LocalModalError as error:
                raise grpc_error(error) from error

        return door

    async def _pass(self, name: str, stream: Any) -> None:
        for part in self._parts:
            method = getattr(part, name, None)
            if method is not None:
                await method(stream)
                return
        if name not in self._answers:
            self.refused.append(name)
            raise GRPCError(Status.UNIMPLEMENTED, name)
        reply = self._answers[name](await stream.recv_message())
        await stream.send_message(await reply if asyncio.iscoroutine(reply) else reply)


def _every_rpc() -> dict[str, grpclib.const.Handler]:
    base = api_grpc.ModalClientBase
    concrete = type("Every", (base,), dict.fromkeys(base.__abstractmethods__))
    return dict(concrete().__mapping__())


class NoBlobs:
    """Nothing large is stored in these tests."""

    def read(self, blob_id: str) -> bytes:
        raise NotFound(blob_id)


@dataclass
class SmallModal:
    """A running local Modal for one app."""

    execution: LocalExecution
    app: OneApp
    logs: KeptLogs
    doors: Doors
    client: modal.Client
    folder: Path
    deploys: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def deploy(self, source: str) -> ModuleType:
        """Deploy a Modal file as version 1, 2, ...; its module, to call functions of."""
        path = self.folder / "served.py"
        text = f"import modal\napp = modal.App('test')\n{textwrap.dedent(source)}"
        path.write_text(text)
        number = next(self.deploys)
        content = self.folder / f"served-{number}.py"
        content.write_text(text)
        self.app.files = [MountedFile("/root/served.py", content, 0o644)]
        module = _import(path)
        await module.app.deploy.aio(name="test", client=self.client)
        return module

    async def until(self, holds: Callable[[], bool], *, timeout_s: float = 60) -> None:
        """Wait for a state that only time brings."""
        async with asyncio.timeout(timeout_s):
            while not holds():  # noqa: ASYNC110 - such a state has no event of its own
                await asyncio.sleep(0.02)

    def processes(self) -> list[int]:
        """Pids of containers that are there."""
        return [facts.pid for facts in self.execution.containers() if facts.pid]


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("served", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["served"] = module
    spec.loader.exec_module(module)
    return module


@asynccontextmanager
async def small_modal(folder: Path, room: Room | None = None) -> AsyncIterator[SmallModal]:
    """Serve on a free loopback port while the block runs; no process is left after it."""
    app, logs = OneApp(folder), KeptLogs()
    url: list[str] = []
    runtime = ProcessRuntime(
        RuntimeFolders(folder / "home", folder / "home/containers", folder / "home/images"),
        catalog=app,
        images=lambda image_id: BuiltImage(image_id, Path(sys.executable), {}, "/root", []),
        logs=logs,
        addresses=Addresses(lambda: url[0]),
    )
    runtime.refuse_namespaces("for these tests")
    ports = Ports(catalog=app, runtime=runtime, logs=logs, blobs=NoBlobs())
    async with LocalExecution(ports, room) as execution:
        parts = [CallRpc(execution), ContainerRpc(execution, logs)]
        doors = Doors(DeploySide(app, execution).answers(), parts)
        server = Server([doors])
        await server.start("127.0.0.1", 0)
        try:
            url.append(f"http://127.0.0.1:{_port(server)}")
            doors.url = url[0]
            client = modal.Client(url[0], api_pb2.CLIENT_TYPE_CLIENT, CREDENTIALS)
            execution.resume()
            async with client:
                yield SmallModal(execution, app, logs, doors, client, folder)
                pids = [facts.pid for facts in execution.containers() if facts.pid]
        finally:
            server.close()
            await server.wait_closed()
    assert not [pid for pid in pids if psutil.pid_exists(pid)]


def _port(server: Server) -> int:
    listener = server._server
    if not isinstance(listener, asyncio.Server):
        raise TypeError("the server does not listen")
    return int(listener.sockets[0].getsockname()[1])
