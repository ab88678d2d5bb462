"""`python -u -m pulumi_modal.host ENGINE`: serve dynamic providers to the engine there."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent import futures
from typing import Final

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_modal.host.engine import Engine
from pulumi_modal.host.lifetime import end_with_parent
from pulumi_modal.host.servicer import Host
from pulumi_modal.source.forkserver import clear_away

THREADS: Final = 64
"""Operations at once; the engine's `--parallel` is the limit that people set."""
LARGEST_MESSAGE: Final = 400 * 1024 * 1024  # bytes, as the engine allows


def main(arguments: list[str]) -> None:
    """Serve until the engine ends."""
    end_with_parent()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    server = grpc.server(
        futures.ThreadPoolExecutor(THREADS),
        options=[
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
            ("grpc.max_send_message_length", LARGEST_MESSAGE),
        ],
    )
    engine = Engine(arguments[-1] if arguments else "")
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Host(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    stop.wait()
    server.stop(None)
    clear_away()
    os._exit(0)  # threads of operations in progress must not hold the process


if __name__ == "__main__":
    main(sys.argv[1:])
