"""The documentation knows every RPC, and what is missing answers by its name."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from google.protobuf.message import Message
from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Server

from modal_local.rpc.access import CONTAINER_RPCS, TOKEN_SECRET_HEADER, Guard
from modal_local.rpc.identity import TOKEN_ID_HEADER
from modal_local.rpc.nouns import NOUNS
from modal_local.rpc.server import Gate, wire_handlers
from modal_local.rpc.table import NOTES, renewed, rows

PAGE = Path(__file__).parents[2] / "docs" / "local-modal.md"
CREDENTIALS = {TOKEN_ID_HEADER: "ak-1", TOKEN_SECRET_HEADER: "as-1"}


def names() -> set[str]:
    return {path.rpartition("/")[2] for path in wire_handlers()}


def test_the_table_of_rpcs_is_current() -> None:
    page = PAGE.read_text()
    assert page == renewed(page), "run: python -m modal_local.rpc.table docs/local-modal.md"


def test_every_rpc_is_in_the_table_once() -> None:
    listed = [row.name for row in rows()]
    assert sorted(listed) == sorted(names())


def test_no_two_nouns_answer_the_same_rpc() -> None:
    for name in names():
        owners = [noun.__name__ for noun in NOUNS if hasattr(noun, name)]
        assert len(owners) < 2, (name, owners)


def test_notes_and_rights_name_real_rpcs() -> None:
    implemented = {row.name for row in rows() if row.state != "missing"}
    assert set(NOTES) <= implemented
    assert implemented >= CONTAINER_RPCS


def test_methods_of_nouns_are_rpcs() -> None:
    for noun in NOUNS:
        public = {name for name in vars(noun) if name[0].isupper()}
        assert public <= names(), noun


def test_every_rpc_takes_and_answers_what_the_wire_says() -> None:
    for path, handler in wire_handlers().items():
        name = path.rpartition("/")[2]
        for noun in NOUNS:
            if hasattr(noun, name):
                stream = get_type_hints(getattr(noun, name))["stream"]
                assert get_args(stream) == (handler.request_type, handler.reply_type), name


async def test_every_missing_rpc_answers_unimplemented_by_its_name(tmp_path: Path) -> None:
    nobody = lambda *_: False  # noqa: E731
    guard = Guard("ak-1", "as-1", accepts_task=nobody, accepts_service_user=nobody)
    server = Server([Gate(guard, [])])
    address = str(tmp_path / "socket")
    await server.start(path=address)
    channel = Channel(path=address)
    try:
        for path, handler in wire_handlers().items():
            method: UnaryUnaryMethod[Message, Message] = UnaryUnaryMethod(
                channel, path, handler.request_type, handler.reply_type
            )
            async with asyncio.timeout(10):
                with pytest.raises(GRPCError) as error:
                    await method(handler.request_type(), metadata=CREDENTIALS)
            assert error.value.status is Status.UNIMPLEMENTED
            assert path.rpartition("/")[2] in str(error.value.message)
    finally:
        channel.close()
        server.close()
        await server.wait_closed()
