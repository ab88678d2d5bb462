"""Faults ordered in a running local Modal, as the stock client meets them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import modal
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from modal.exception import ConflictError
from modal_proto import api_pb2
from typer.testing import CliRunner, Result

from modal_local.commands.main import app
from modal_local.faults.book import Milestones
from modal_local.faults.order import Effect
from pulumi_modal.gateway.wire import _blocking_call
from tests.fakes.faults import Faults, ordered_faults
from tests.fakes.local_modal import LocalModalServer, local_modal

pytestmark = pytest.mark.timeout(180)
APP = """
import os, pathlib, time
import modal

app = modal.App("{name}")
seen = modal.Volume.from_name("{name}", create_if_missing=True)


@app.function(max_containers=1, timeout=120, volumes={"/seen": seen})
def begin() -> int:
    times = len(os.listdir("/seen"))
    pathlib.Path("/seen", str(times)).touch()
    while times == 0:
        time.sleep(0.05)
    return times
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.fixture
def faults(server: LocalModalServer) -> Iterator[Faults]:
    with ordered_faults(server) as ordered:
        yield ordered


def an_app(folder: Path, name: str) -> Path:
    path = folder / f"{name.replace('-', '_')}.py"
    path.write_text(APP.replace("{name}", name))
    return path


def versions(server: LocalModalServer, name: str) -> list[tuple[str, int]]:
    apps = server.status()["apps"]
    return [(app["state"], app["version"]) for app in apps if app["name"] == name]


def test_a_call_that_is_refused_has_not_happened(
    server: LocalModalServer, faults: Faults, tmp_path: Path
) -> None:
    faults.order("AppPublish", Effect.REFUSE, status="FAILED_PRECONDITION", about="refused")
    with pytest.raises(ConflictError, match="AppPublish is refused: fault-"):
        server.deploy(an_app(tmp_path, "refused"))
    assert versions(server, "refused") == []  # the client itself took the unfinished app away
    server.deploy(an_app(tmp_path, "refused"))  # the first call only
    assert versions(server, "refused") == [("deployed", 1)]


def test_a_call_whose_reply_is_lost_has_happened_and_is_safe_to_repeat(
    server: LocalModalServer, faults: Faults, tmp_path: Path
) -> None:
    order = faults.order("AppPublish", Effect.LOSE_REPLY, about="lost")
    server.deploy(an_app(tmp_path, "lost"))  # the stock client repeats it
    assert faults.seen()[order] == 1
    assert [call["rpc"] for call in faults.calls()].count("AppPublish") >= 2
    assert versions(server, "lost") == [("deployed", 1)]


def test_a_call_is_held_until_it_is_released_and_another_app_is_not(
    server: LocalModalServer, faults: Faults, tmp_path: Path
) -> None:
    order = faults.hold("FunctionCreate", about="held")
    with ThreadPoolExecutor(1) as pool:
        deploy = pool.submit(server.modal, "deploy", str(an_app(tmp_path, "held")))
        faults.wait(order)
        server.deploy(an_app(tmp_path, "free"))
        assert versions(server, "held") == [("initializing", 0)]
        faults.clear(order)
        deploy.result()
    assert versions(server, "held") == [("deployed", 1)]


def test_a_reply_is_held_after_the_call_was_carried_out(
    server: LocalModalServer, faults: Faults, tmp_path: Path
) -> None:
    order = faults.order("AppPublish", Effect.HOLD_REPLY, about="late")
    with ThreadPoolExecutor(1) as pool:
        deploy = pool.submit(server.modal, "deploy", str(an_app(tmp_path, "late")))
        faults.wait(order)
        assert versions(server, "late") == [("deployed", 1)]
        assert not deploy.done()
        faults.clear()
        deploy.result()


def test_a_slow_call_is_told_apart_by_an_id_of_its_app_and_by_a_header(
    server: LocalModalServer, faults: Faults, tmp_path: Path
) -> None:
    server.deploy(an_app(tmp_path, "slow"))
    with server.client() as client:
        app_id = modal.App.lookup("slow", client=client).app_id or ""
        by_id = faults.order("AppGetLayout", Effect.SLOW, slow_s=0.01, about="slow")
        other = faults.order("AppGetLayout", Effect.SLOW, slow_s=60, about="refused")
        by_header = faults.order("AppGetLayout", Effect.WATCH, about="1.6.4")
        secret = faults.order("AppGetLayout", Effect.WATCH, about=server.access["MODAL_TOKEN_ID"])
        _call(client, "AppGetLayout", api_pb2.AppGetLayoutRequest(app_id=app_id))
    faults.wait(by_id, Milestones.ENDED)
    seen = faults.seen()
    assert (seen[by_id], seen[other], seen[by_header], seen[secret]) == (1, 0, 1, 0)


def _call(client: modal.Client, rpc: str, request: Any) -> Any:
    return _blocking_call(client, rpc, request, 30)


@pytest.mark.parametrize("method", ["KillContainer", "Preempt"])
def test_the_input_of_a_container_that_is_taken_away_is_run_again(
    server: LocalModalServer, faults: Faults, tmp_path: Path, method: str
) -> None:
    name = f"taken-{method.lower()}"
    server.deploy(an_app(tmp_path, name))
    with server.client() as client, ThreadPoolExecutor(1) as pool:
        function = modal.Function.from_name(name, "begin", client=client)
        volume = modal.Volume.from_name(name, client=client).hydrate()
        beginnings = server.home / "volumes" / volume.object_id
        answer = pool.submit(function.remote)
        _until_it_began(beginnings)
        (ended,) = faults.ask(method, container=name)["containers"]
        assert ended.startswith("ta-")
        assert answer.result(60) == 1


def _until_it_began(folder: Path) -> None:
    end = time.monotonic() + 60
    while not list(folder.iterdir()):
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def command(
    server: LocalModalServer, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """`pulumi-modal local fault ...` in this process."""
    assert faults.server is server  # what is ordered here ends with the test
    monkeypatch.setenv("MODAL_LOCAL_HOME", str(server.home))
    return lambda *words: CliRunner().invoke(app, ["fault", *words])


def test_the_command_line_orders_lists_waits_and_clears(
    server: LocalModalServer, command: Callable[..., Result]
) -> None:
    added = json.loads(
        command("add", "EnvironmentList", "--nth", "2", "--slow", "20ms", "--json").stdout
    )
    assert (added["nth"], added["slow_s"], added["effect"]) == (2, 0.02, "slow")
    order = command("add", "EnvironmentList", "--refuse").stdout.strip()
    listed = command("list").stdout
    assert order in listed
    assert "EnvironmentList" in listed
    assert command("clear", order).exit_code == 0
    with server.client() as client:
        _call(client, "EnvironmentList", Empty())
        waited = command("wait", added["order_id"], "--timeout", "10ms")
        assert (waited.exit_code, "it did not come to pass" in waited.stderr) == (1, True)
        _call(client, "EnvironmentList", Empty())
    assert command("wait", added["order_id"], "--for", "ended").exit_code == 0
    assert "\tEnvironmentList\t127.0.0.1:" in command("calls").stdout
    assert command("clear").stdout == "1 cleared\n"
    assert command("list").stdout == "No orders.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "ClientHelo", "--refuse"), "did you mean ClientHello?"),
        (("add", "ClientHello", "--slow", "soon"), "write 5s"),
        (("add", "ClientHello", "--hold", "--refuse"), "one order has one effect"),
        (("kill-container", "nobody"), "none of an app 'nobody'"),
        (("clear", "fault-0"), "there is no order fault-0"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_a_sentence(
    command: Callable[..., Result], words: Sequence[str], said: str
) -> None:
    refused = command(*words)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert said in refused.stderr


def test_nobody_orders_a_fault_without_the_token(server: LocalModalServer) -> None:
    address = server.access["MODAL_SERVER_URL"].removeprefix("http://")
    with grpc.insecure_channel(address) as channel:
        add = channel.unary_unary(
            "/modal_local.Faults/Add",
            request_serializer=Struct.SerializeToString,
            response_deserializer=Struct.FromString,
        )
        for metadata in ((), (("x-task", "ta-1:guess"),), (("x-modal-token-id", "ak-1"),)):
            with pytest.raises(grpc.RpcError) as refused:
                add(Struct(), metadata=metadata, timeout=30)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
