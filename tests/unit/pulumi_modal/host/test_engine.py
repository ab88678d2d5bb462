"""Words for the engine: none twice on a row, and never a failure of what they are about."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

from pulumi.runtime.proto import engine_pb2

from pulumi_modal.host.engine import Engine
from tests.fakes.host import URN, an_engine


def test_words_are_told_once_until_they_change() -> None:
    with an_engine() as engine:
        show = Engine(engine.address).row(URN)
        for words in ("a", "a", "b", "b", "a"):
            show(words)
        assert engine.rows() == ["a", "b", "a"]


def test_each_operation_has_a_row_of_its_own() -> None:
    with an_engine() as engine:
        told = Engine(engine.address)
        told.row("urn:1")("same")
        told.row("urn:2")("same")
        assert [(one.urn, one.message) for one in engine.logged] == [
            ("urn:1", "same"),
            ("urn:2", "same"),
        ]


def test_threads_may_share_a_row() -> None:
    with an_engine() as engine:
        show = Engine(engine.address).row(URN)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(show, ["same"] * 64))
        assert engine.rows() == ["same"]


def test_warnings_and_traces_have_their_severity() -> None:
    with an_engine() as engine:
        told = Engine(engine.address)
        told.warn(URN)("beware")
        told.debug("a trace", URN)
        seen = {one.message: (one.severity, one.ephemeral) for one in engine.logged}
    assert seen == {
        "beware": (engine_pb2.WARNING, False),
        "a trace": (engine_pb2.DEBUG, False),
    }


def test_an_engine_that_is_gone_fails_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    told = Engine(address)
    told.row(URN)("words")
    told.warn(URN)("beware")
    told.debug("a trace")


def test_without_an_engine_nothing_is_told() -> None:
    Engine("").row(URN)("words")
