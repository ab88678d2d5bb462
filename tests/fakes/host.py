"""Pulumi's side of a dynamic provider host: a real process, spoken to over gRPC, and an engine.

    with an_engine() as engine, provider_host(folder, engine) as host:
        host.check(...)

Every call has a deadline, and no process is left at the end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes what is not known yet."""
_PICKLE = """
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime._serialization import _serialize
print(_serialize(True, serialize_provider, {name}())[0])
"""
URN = "urn:pulumi:dev::project::pulumi-python:dynamic/modal:App::llm"


class FakeEngine(engine_pb2_grpc.EngineServicer):
    """Keeps what a plugin logs."""

    def __init__(self) -> None:
        self.logged: list[engine_pb2.LogRequest] = []
        self.address = ""
        self._changed = threading.Condition()

    def Log(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Words of a plugin."""
        del context
        with self._changed:
            self.logged.append(request)
            self._changed.notify_all()
        return empty_pb2.Empty()

    def wait_for(self, message: str) -> engine_pb2.LogRequest:
        """What was logged with these words, as soon as it is."""
        with self._changed:
            self._changed.wait_for(lambda: self._of(message), timeout=DEADLINE_S)
            return self._of(message)[0]

    def rows(self) -> list[str]:
        """What stood on rows, in order."""
        return [one.message for one in self.logged if one.ephemeral]

    def _of(self, message: str) -> list[engine_pb2.LogRequest]:
        return [one for one in self.logged if message in one.message]


@contextmanager
def an_engine() -> Iterator[FakeEngine]:
    """An engine that plugins can log to while the block runs."""
    engine = FakeEngine()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    engine.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield engine
    finally:
        server.stop(None).wait(DEADLINE_S)


@dataclass
class HostProcess:
    """A plugin process and the engine's connection to it."""

    process: subprocess.Popen[str]
    stub: provider_pb2_grpc.ResourceProviderStub

    def call(self, rpc: str, request: Any) -> Any:
        """One call, within the deadline."""
        return getattr(self.stub, rpc)(request, timeout=DEADLINE_S)

    def check(self, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> Any:
        """Check inputs."""
        request = provider_pb2.CheckRequest(urn=URN, news=struct(news), olds=struct(olds or {}))
        return self.call("Check", request)

    def diff(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Any:
        """What a change does."""
        request = provider_pb2.DiffRequest(id="x", urn=URN, olds=struct(olds), news=struct(news))
        return self.call("Diff", request)

    def create(self, props: Mapping[str, Any], **more: Any) -> Any:
        """Create, or preview a create."""
        request = provider_pb2.CreateRequest(urn=URN, properties=struct(props), **more)
        return self.call("Create", request)

    def update(self, olds: Mapping[str, Any], news: Mapping[str, Any], **more: Any) -> Any:
        """Update, or preview an update."""
        request = provider_pb2.UpdateRequest(
            id="x", urn=URN, olds=struct(olds), news=struct(news), **more
        )
        return self.call("Update", request)

    def read(self, props: Mapping[str, Any], inputs: Mapping[str, Any] | None = None) -> Any:
        """Read."""
        request = provider_pb2.ReadRequest(
            id="x", urn=URN, properties=struct(props), inputs=struct(inputs or {})
        )
        return self.call("Read", request)

    def delete(self, props: Mapping[str, Any]) -> Any:
        """Delete."""
        request = provider_pb2.DeleteRequest(id="x", urn=URN, properties=struct(props))
        return self.call("Delete", request)

    def configure(self, config: Mapping[str, Any]) -> Any:
        """Give it the stack's configuration."""
        return self.call("Configure", provider_pb2.ConfigureRequest(args=struct(config)))


@contextmanager
def provider_host(
    folder: Path, engine: FakeEngine | None = None, module: str = "pulumi_modal.host", **env: str
) -> Iterator[HostProcess]:
    """A plugin in a project folder while the block runs."""
    command = [sys.executable, "-u", "-m", module, *([engine.address] if engine else [])]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PULUMI_PROJECT": "project", **env}
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            port = int((process.stdout.readline() if process.stdout else "") or 0)
            assert port, "the plugin ended without a port"
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield HostProcess(process, provider_pb2_grpc.ResourceProviderStub(channel))
        finally:
            process.kill()
            process.wait(DEADLINE_S)


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties as they travel."""
    made = struct_pb2.Struct()
    made.update(dict(values))
    return made


def values(message: Any) -> dict[str, Any]:
    """A message, or properties, as plain JSON."""
    return dict(json_format.MessageToDict(message))


def status_of(error: grpc.RpcError) -> Any:
    """The details that a failed call came with."""
    trailing = {one.key: one.value for one in error.trailing_metadata()}
    return status_pb2.Status.FromString(trailing["grpc-status-details-bin"])


def pickled(source: str, name: str) -> str:
    """A provider class that a program defines itself, as it lands in a state: by value."""
    code = f"{source}\n{_PICKLE.format(name=name)}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE_S,
    )
    return done.stdout.strip()


def gone(process: subprocess.Popen[str]) -> int:
    """The status of a process, once it has ended."""
    return process.wait(DEADLINE_S)
