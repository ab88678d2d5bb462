"""Single calls to a local Modal, past the SDK: for answers that the SDK does not show."""

from __future__ import annotations

import asyncio
from typing import Any

from grpclib.client import Channel
from modal_proto import api_grpc

from tests.fakes.local_modal import LocalModalServer

DEADLINE_S = 30


def call(server: LocalModalServer, rpc: str, request: Any) -> Any:
    """The answer of one RPC, asked with the token of the server."""
    return asyncio.run(_call(server.access, rpc, request))


async def _call(access: dict[str, str], rpc: str, request: Any) -> Any:
    credentials = {
        "x-modal-token-id": access["MODAL_TOKEN_ID"],
        "x-modal-token-secret": access["MODAL_TOKEN_SECRET"],
    }
    host, _, port = access["MODAL_SERVER_URL"].removeprefix("http://").partition(":")
    channel = Channel(host, int(port))
    try:
        stub = api_grpc.ModalClientStub(channel)
        return await getattr(stub, rpc)(request, metadata=credentials, timeout=DEADLINE_S)
    finally:
        channel.close()
