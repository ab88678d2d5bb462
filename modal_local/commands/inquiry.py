"""What the command line asks of a running server, by the same RPCs as any client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from google.protobuf.empty_pb2 import Empty
from grpclib.client import Channel
from grpclib.events import SendRequest, listen
from grpclib.exceptions import GRPCError
from modal_proto import api_grpc, api_pb2

from modal_local.errors import LocalModalError, NotFound
from modal_local.rpc.access import TOKEN_SECRET_HEADER
from modal_local.rpc.identity import TOKEN_ID_HEADER
from modal_local.settings import LOOPBACK, Access

_DEADLINE_S: Final = 15.0
_FOLLOW_S: Final = 55.0
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class AppStatus:
    """One app, as `status` shows it."""

    app_id: str
    name: str
    environment: str
    state: str
    version: int
    containers: int
    queued: int
    gpus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """One container, as `status` shows it."""

    task_id: str
    app: str
    environment: str
    started_at: float
    gpu: str


@dataclass(frozen=True, slots=True)
class Status:
    """What runs now."""

    apps: tuple[AppStatus, ...]
    containers: tuple[ContainerStatus, ...]


def ask(
    access: Access, question: Callable[[api_grpc.ModalClientStub], Awaitable[_Answer]]
) -> _Answer:
    """Put a question to the server. Raises LocalModalError when it refuses or does not answer."""

    async def inquire() -> _Answer:
        async with asyncio.timeout(_DEADLINE_S), connection(access) as stub:
            return await question(stub)

    try:
        return asyncio.run(inquire())
    except (OSError, TimeoutError) as error:
        raise LocalModalError(f"{access.server_url} does not answer: {error}") from error
    except GRPCError as error:
        raise LocalModalError(error.message or error.status.name) from error


@asynccontextmanager
async def connection(access: Access) -> AsyncIterator[api_grpc.ModalClientStub]:
    """A stub that sends the token with every call."""
    channel = Channel(LOOPBACK, access.port)

    async def sign(event: SendRequest) -> None:
        event.metadata[TOKEN_ID_HEADER] = access.token_id
        event.metadata[TOKEN_SECRET_HEADER] = access.token_secret

    listen(channel, SendRequest, sign)
    try:
        yield api_grpc.ModalClientStub(channel)
    finally:
        channel.close()


async def read_status(stub: api_grpc.ModalClientStub) -> Status:
    """Apps and containers of all environments."""
    apps: list[AppStatus] = []
    containers: list[ContainerStatus] = []
    for environment in (await stub.EnvironmentList(Empty())).items:
        listed = await stub.AppList(api_pb2.AppListRequest(environment_name=environment.name))
        apps += [
            await _app(stub, item, environment.name)
            for item in listed.apps
            if item.state not in {api_pb2.APP_STATE_STOPPED, api_pb2.APP_STATE_STOPPING}
        ]
        tasks = await stub.TaskList(api_pb2.TaskListRequest(environment_name=environment.name))
        containers += [await _container(stub, task, environment.name) for task in tasks.tasks]
    return Status(tuple(apps), tuple(containers))


async def find_app(stub: api_grpc.ModalClientStub, name: str, environment: str) -> str:
    """The id of an app, by id or name, in one environment or in any. Raises NotFound."""
    if name.startswith("ap-"):
        return name
    names = (
        [environment]
        if environment
        else [item.name for item in (await stub.EnvironmentList(Empty())).items]
    )
    previous = ""
    for each in names:
        request = api_pb2.AppGetByDeploymentNameRequest(name=name, environment_name=each)
        found = await stub.AppGetByDeploymentName(request)
        if found.app_id:
            return str(found.app_id)
        previous = previous or found.previous_app_id
    if not previous:
        raise NotFound(f"there is no app '{name}'")
    return previous


async def read_logs(
    stub: api_grpc.ModalClientStub, app_id: str, lines: int
) -> list[api_pb2.TaskLogs]:
    """The last lines of an app."""
    request = api_pb2.AppFetchLogsRequest(app_id=app_id, limit=lines)
    response = await stub.AppFetchLogs(request)
    return [item for batch in response.batches for item in batch.items]


async def follow_logs(
    stub: api_grpc.ModalClientStub, app_id: str, say: Callable[[api_pb2.TaskLogs], None]
) -> None:
    """Pass on every line from now on, until the app is over."""
    position = ""
    while True:
        request = api_pb2.AppGetLogsRequest(
            app_id=app_id, timeout=_FOLLOW_S, last_entry_id=position
        )
        async with stub.AppGetLogs.open() as stream:
            await stream.send_message(request, end=True)
            async for batch in stream:
                if batch.app_done:
                    return
                position = batch.entry_id or position
                for item in batch.items:
                    say(item)


async def _app(
    stub: api_grpc.ModalClientStub,
    item: api_pb2.AppListResponse.AppListItem,
    environment: str,
) -> AppStatus:
    info = await stub.AppGetInfo(api_pb2.AppGetInfoRequest(app_id=item.app_id))
    queued = 0
    gpus: list[str] = []
    for function_id, summary in info.function_info_summaries.items():
        request = api_pb2.FunctionGetCurrentStatsRequest(function_id=function_id)
        queued += (await stub.FunctionGetCurrentStats(request)).backlog
        gpus += [_gpu(config) for config in summary.gpu_config[:1]]
    state = api_pb2.AppState.Name(item.state).removeprefix("APP_STATE_").lower()
    return AppStatus(
        app_id=item.app_id,
        name=item.name or item.description,
        environment=environment,
        state=state,
        version=item.metadata.lifecycle.version,
        containers=item.n_running_tasks,
        queued=queued,
        gpus=tuple(gpus),
    )


async def _container(
    stub: api_grpc.ModalClientStub, task: api_pb2.TaskStats, environment: str
) -> ContainerStatus:
    try:
        info = (await stub.TaskGetInfo(api_pb2.TaskGetInfoRequest(task_id=task.task_id))).info
    except GRPCError:
        info = api_pb2.TaskInfo()  # it ended just now
    return ContainerStatus(
        task_id=task.task_id,
        app=task.app_description,
        environment=environment,
        started_at=task.started_at,
        gpu=_gpu(info.gpu_config),
    )


def _gpu(config: api_pb2.GPUConfig) -> str:
    name = config.gpu_type
    return f"{name}:{config.count}" if config.count > 1 else name
