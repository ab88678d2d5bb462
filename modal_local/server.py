"""The composition root: what a running local Modal consists of, and in which order it ends."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import psutil
import uvloop

from modal_local.errors import Conflict
from modal_local.faults.book import FaultBook
from modal_local.images.builder import ImageBuilder
from modal_local.ingress.assigned import AssignedUrls
from modal_local.ingress.blobs import BlobDoor, BlobListener
from modal_local.ingress.server import Ingress
from modal_local.rpc.access import Guard
from modal_local.rpc.fault import FaultService
from modal_local.rpc.interception import Interceptor
from modal_local.rpc.nouns import Rooms, nouns
from modal_local.rpc.presence import Presence
from modal_local.rpc.publishing import Publisher
from modal_local.rpc.server import Gate, serve
from modal_local.settings import Access, Home, claim_access, write_private
from modal_local.store.catalog import StoredCatalog
from modal_local.store.store import Store
from modal_local.supervisor.execution import LocalExecution, Ports
from modal_local.supervisor.runtime import Addresses, ProcessRuntime, RuntimeFolders

log = logging.getLogger(__name__)


def run(home: Home) -> None:
    """Serve until SIGTERM or SIGINT. Raises LocalModalError when it cannot start."""
    home.make()
    with _only_server(home), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(home))


async def _serve(home: Home) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    access, listener = claim_access(home)
    with Store(home) as store:
        async with AsyncExitStack() as answering, AsyncExitStack() as life:
            # containers end while RPCs are still answered: their last words come by RPC
            await _start(_Ground(home, access, listener, store), answering, life)
            _write_ready(home, access)
            log.info("ready at %s", access.server_url)
            await stop.wait()
            log.info("stopping")
            home.ready.unlink(missing_ok=True)
    log.info("stopped")


@dataclass(frozen=True, slots=True)
class _Ground:
    """What everything stands on."""

    home: Home
    access: Access
    listener: socket.socket
    store: Store


async def _start(ground: _Ground, answering: AsyncExitStack, life: AsyncExitStack) -> None:
    home, access, store = ground.home, ground.access, ground.store
    catalog = StoredCatalog(store)
    blob_door = BlobDoor(store)
    images = await life.enter_async_context(ImageBuilder(home.images, catalog))
    runtime = ProcessRuntime(
        RuntimeFolders(home=home.path, containers=home.containers, images=home.images),
        catalog=catalog,
        images=images.image,
        logs=store.logs,
        addresses=Addresses(
            server_url=lambda: access.server_url,
            local_ports=lambda: [access.port, blob_door.port],
        ),
    )
    ended = await runtime.end_leftovers()
    if ended:
        log.warning("ended %d processes that a killed server left behind", ended)
    ports = Ports(catalog=catalog, runtime=runtime, logs=store.logs, blobs=store.blobs)
    execution = await life.enter_async_context(LocalExecution(ports))
    await answering.enter_async_context(BlobListener(blob_door))
    ingress = await life.enter_async_context(Ingress(execution, store.proxy_tokens.accepts))
    publisher = Publisher(store, execution, AssignedUrls(ingress))
    presence = Presence(store)
    rooms = Rooms(store, catalog, execution, images, publisher, presence, blob_door, access)
    guard = Guard(
        access.token_id,
        access.token_secret,
        accepts_task=execution.serving.accepts,
        accepts_service_user=store.service_users.accepts,
    )
    book = FaultBook()
    gate = Gate(guard, nouns(rooms), Interceptor(book, store.apps.name_behind))
    faults = FaultService(guard, book, execution, gate.rpcs)
    await answering.enter_async_context(serve([gate, faults], ground.listener))
    await publisher.open_urls()
    execution.resume()
    watch = asyncio.create_task(presence.watch(publisher.stop), name="presence")
    life.push_async_callback(_end, watch)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextlib.contextmanager
def _only_server(home: Home) -> Iterator[None]:
    """Two servers over one folder would ruin it."""
    descriptor = os.open(home.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"a local Modal runs in {home.path} already") from error
        try:
            home.ready.unlink(missing_ok=True)
            yield
        finally:
            home.ready.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _write_ready(home: Home, access: Access) -> None:
    facts = {
        "pid": os.getpid(),
        "process_started_at": psutil.Process().create_time(),
        "server_url": access.server_url,
        "ready_at": time.time(),
    }
    write_private(home.ready, json.dumps(facts, indent=1))
