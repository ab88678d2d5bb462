"""What `status` and `logs` ask of a running server, and how it is shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Final

from grpclib.exceptions import GRPCError
from modal_proto import api_grpc, api_pb2
from rich.console import Console
from rich.table import Table

from modal_local.commands import inquiry
from modal_local.errors import LocalModalError
from modal_local.settings import Access

_WIDE: Final = 160
_SOURCES: Final[Mapping[int, str]] = {
    api_pb2.FILE_DESCRIPTOR_STDOUT: "stdout",
    api_pb2.FILE_DESCRIPTOR_STDERR: "stderr",
}


def status(access: Access) -> inquiry.Status:
    """What runs now. Raises LocalModalError."""
    return inquiry.ask(access, inquiry.read_status)


def print_status(head: str, found: inquiry.Status) -> None:
    """Apps and containers as tables."""
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE  # nobody's window: names are worth more than lines that fit
    console.print(head)
    apps = Table("App", "Environment", "State", "Version", "GPU", "Containers", "Queued")
    for item in found.apps:
        apps.add_row(
            *(item.name, item.environment, item.state, str(item.version)),
            *(" ".join(item.gpus) or "-", str(item.containers), str(item.queued)),
        )
    console.print(apps if found.apps else "No apps.")
    if found.containers:
        containers = Table("Container", "App", "Environment", "GPU (asked for)")
        for each in found.containers:
            containers.add_row(each.task_id, each.app, each.environment, each.gpu or "-")
        console.print(containers)


def print_logs(
    access: Access, wanted: tuple[str, str], tail: int, *, follow: bool, as_json: bool
) -> None:
    """The log of an app (its name or id, its environment), past or from now on."""
    say = _print_json_line if as_json else _print_line

    async def past(stub: api_grpc.ModalClientStub) -> str:
        app_id = await inquiry.find_app(stub, *wanted)
        if not follow:
            for item in await inquiry.read_logs(stub, app_id, tail):
                say(item)
        return app_id

    app_id = inquiry.ask(access, past)
    if not follow:
        return

    async def run() -> None:
        async with inquiry.connection(access) as stub:
            await inquiry.follow_logs(stub, app_id, say)

    try:
        asyncio.run(run())
    except (OSError, GRPCError) as error:
        raise LocalModalError(f"the log broke off: {error}") from error


def _print_json_line(item: api_pb2.TaskLogs) -> None:
    """A line as an object on a line of its own; `at` is in seconds since 1970."""
    facts = {
        "at": item.timestamp,
        "container_id": item.container_id,
        "source": _SOURCES.get(item.file_descriptor, "system"),
        "text": item.data.rstrip("\n"),
    }
    print(json.dumps(facts), flush=True)  # noqa: T201 - the result


def _print_line(item: api_pb2.TaskLogs) -> None:
    print(item.data.rstrip("\n"), flush=True)  # noqa: T201 - the result
