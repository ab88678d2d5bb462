"""The engine's end of the line: words on a resource's row, and among its diagnostics."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from pulumi_modal.source.redaction import KNOWN

DEADLINE_S: Final = 5.0


class Engine:
    """Tells the engine what is going on. Never fails an operation for it."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address)) if address else None

    def row(self, urn: str) -> Callable[[str], None]:
        """Shows words on the row of a resource while its operation lasts."""
        return _Row(self, urn).show

    def note(self, urn: str) -> Callable[[str], None]:
        """Keeps words among the diagnostics of a resource."""
        return lambda words: self._log(engine_pb2.INFO, words, urn)

    def warn(self, urn: str) -> Callable[[str], None]:
        """Keeps sentences among the diagnostics of a resource."""
        return lambda sentence: self._log(engine_pb2.WARNING, sentence, urn)

    def debug(self, text: str, urn: str = "") -> None:
        """For `pulumi --debug`."""
        self._log(engine_pb2.DEBUG, text, urn)

    def ephemeral(self, words: str, urn: str) -> None:
        """Words that the next ones replace."""
        self._log(engine_pb2.INFO, words, urn, ephemeral=True)

    def _log(self, severity: int, message: str, urn: str, *, ephemeral: bool = False) -> None:
        if self._stub is None:
            return
        request = engine_pb2.LogRequest(
            severity=severity,  # type: ignore[arg-type]  # the enum's values are ints
            message=KNOWN.hide(message),
            urn=urn,
            ephemeral=ephemeral,
        )
        try:
            self._stub.Log(request, timeout=DEADLINE_S)
        except grpc.RpcError:
            return  # the engine is ending; what was said is not worth a failure


class _Row:
    """Words on one row: none twice. The last ones stay there when the operation ends."""

    def __init__(self, engine: Engine, urn: str) -> None:
        self._engine = engine
        self._urn = urn
        self._lock = threading.Lock()
        self._last = ""

    def show(self, words: str) -> None:
        with self._lock:
            if words == self._last:
                return
            self._last = words
        self._engine.ephemeral(words, self._urn)
