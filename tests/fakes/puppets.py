"""Containers without processes: a test says when they start, ask, answer and die."""

from __future__ import annotations

import asyncio
import itertools
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from modal_proto import api_pb2

from modal_local.calls.call import Call, Input
from modal_local.errors import LocalModalError, NotFound
from modal_local.model import LiveFunction, MountedFile, TaskSpec
from modal_local.supervisor.execution import LocalExecution, Ports, Room

_pids = itertools.count(1)
SYNC = api_pb2.FUNCTION_CALL_INVOCATION_TYPE_SYNC
SUCCESS = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS
FAILURE = api_pb2.GenericResult.GENERIC_STATUS_FAILURE


class Puppet:
    """One container process."""

    def __init__(self, task: TaskSpec) -> None:
        self.task = task
        self.pid = next(_pids)
        self.signals: list[str] = []
        self.ignores_terminate = False
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        return await asyncio.shield(self._status)

    async def dial(self, port: int) -> socket.socket:
        """Nothing listens in a puppet."""
        raise ConnectionRefusedError(port)

    def exit(self, status: int) -> None:
        """It ends by itself."""
        if not self._status.done():
            self._status.set_result(status)

    def terminate(self) -> None:
        self.signals.append("terminate")
        if not self.ignores_terminate:
            self.exit(-signal.SIGINT)

    def kill(self) -> None:
        self.signals.append("kill")
        self.exit(-signal.SIGKILL)


class PuppetRuntime:
    """Starts puppets; `refusal` makes starts fail."""

    def __init__(self) -> None:
        self.puppets: list[Puppet] = []
        self.refusal = ""
        self.started = asyncio.Event()
        self.hangs = False

    async def start(self, task: TaskSpec) -> Puppet:
        if self.refusal:
            raise LocalModalError(self.refusal)
        if self.hangs:
            await asyncio.Event().wait()
        puppet = Puppet(task)
        self.puppets.append(puppet)
        self.started.set()
        return puppet


def a_function(version: int = 1, **definition: object) -> LiveFunction:
    """A live function `fu-1` of app `ap-1`."""
    function = api_pb2.Function(function_name="f", module_name="m", **definition)  # type: ignore[arg-type]  # fields by name
    return LiveFunction(
        function_id="fu-1",
        base_function_id="fu-1",
        definition_id=f"de-{version}",
        tag="f",
        app_id="ap-1",
        app_name="test",
        environment="main",
        version=version,
        definition=function,
        autoscaler=function.autoscaler_settings,
        serialized_params=b"",
        layout=api_pb2.AppLayout(),
    )


@dataclass
class Catalogue:
    """What is live: at most one function."""

    function: LiveFunction | None

    def live(self, function_id: str) -> LiveFunction:
        if self.function is None or function_id != self.function.function_id:
            raise NotFound(function_id)
        return self.function

    def live_functions(self, app_id: str | None = None) -> Sequence[LiveFunction]:
        del app_id
        return [self.function] if self.function else []

    def secret_env(self, secret_ids: Sequence[str]) -> Mapping[str, str]:
        del secret_ids
        return {}

    def volume_path(self, volume_id: str) -> Path:
        return Path(volume_id)

    def mounted_files(self, mount_ids: Sequence[str]) -> Sequence[MountedFile]:
        del mount_ids
        return []


class Silence:
    """A log sink whose containers said one thing."""

    def append(
        self, app_id: str, *, function_id: str, task_id: str, descriptor: int, text: str
    ) -> None:
        """Not kept."""

    def tail(self, app_id: str, *, task_id: str = "", lines: int = 20) -> Sequence[str]:
        del app_id, task_id, lines
        return ["last words"]


class NoBlobs:
    """Nothing large is stored."""

    def read(self, blob_id: str) -> bytes:
        raise NotFound(blob_id)


@dataclass
class Stage:
    """Execution whose containers are puppets."""

    execution: LocalExecution
    catalogue: Catalogue
    runtime: PuppetRuntime
    claims: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def puppets(self) -> list[Puppet]:
        """All that were ever started."""
        return self.runtime.puppets

    def call(self, inputs: int = 1, *, method: str = "") -> Call:
        """Call the function."""
        message = api_pb2.FunctionInput(method_name=method)
        request = api_pb2.FunctionMapRequest(
            function_id="fu-1",
            function_call_type=api_pb2.FUNCTION_CALL_TYPE_UNARY,
            function_call_invocation_type=SYNC,
            pipelined_inputs=[
                api_pb2.FunctionPutInputsItem(idx=n, input=message) for n in range(inputs)
            ],
        )
        call, _ = self.execution.calling.open(request)
        return call

    async def settle(self) -> None:
        """Let everything happen that can happen now."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def claim(
        self, puppet: Puppet, batch: int = 0, linger_s: float = 0
    ) -> Sequence[Input] | None:
        """Ask for inputs as the container would."""
        serving = self.execution.serving
        async with serving.inputs(puppet.task.task_id, batch_size=batch, linger_s=linger_s) as got:
            return got

    def answer(self, puppet: Puppet, item: Input, status: int = SUCCESS, attempt: int = 0) -> None:
        """Put an output as the container would."""
        output = api_pb2.FunctionPutOutputsItem(input_id=item.input_id, retry_count=attempt)
        output.result.status = status  # type: ignore[assignment]  # an int is one of the enum
        self.execution.serving.put_outputs(puppet.task.task_id, [output])

    async def publish(self, function: LiveFunction | None, *, recreate: bool = False) -> None:
        """Deploy this function as the app's next version."""
        self.catalogue.function = function
        await self.execution.app_published("ap-1", recreate=recreate)
        await self.settle()

    async def bound(self, settings: api_pb2.AutoscalerSettings) -> None:
        """Set other bounds."""
        function = self.catalogue.live("fu-1")
        self.catalogue.function = replace(function, autoscaler=settings)
        self.execution.autoscaler_changed("fu-1")
        await self.settle()


@asynccontextmanager
async def a_stage(function: LiveFunction, room: Room | None = None) -> AsyncIterator[Stage]:
    """Enter execution; nothing has been called yet."""
    catalogue, runtime = Catalogue(function), PuppetRuntime()
    ports = Ports(catalog=catalogue, runtime=runtime, logs=Silence(), blobs=NoBlobs())
    async with LocalExecution(ports, room or Room(per_function=8, in_all=32)) as execution:
        execution.resume()
        stage = Stage(execution, catalogue, runtime)
        await stage.settle()
        yield stage
        for puppet in runtime.puppets:
            puppet.exit(0)
