"""The process that runs dynamic providers: started for real, and spoken to as the engine does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf import empty_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2, provider_pb2

from pulumi_modal.provider.app import AppProvider
from pulumi_modal.provider.environment import EnvironmentProvider
from tests.fakes.apps import a_function, a_plan, app_inputs
from tests.fakes.host import (
    DEADLINE_S,
    ROOT,
    UNKNOWN,
    URN,
    FakeEngine,
    HostProcess,
    an_engine,
    gone,
    pickled,
    provider_host,
    status_of,
    values,
)

APP = serialize_provider(AppProvider())
ENVIRONMENT = serialize_provider(EnvironmentProvider())
OPERATING = '''
import socket

from pulumi.dynamic import CreateResult, ResourceProvider
from pulumi_modal.errors import SpecError
from pulumi_modal.provider.operation import PartialFailure, current
from pulumi_modal.provider.question import UrlQuestion
from pulumi_modal.provider.readiness import Waiting, wait_ready
from pulumi_modal.spec.probe import Probe


class Operating(ResourceProvider):
    """Does what its input `do` says."""

    serialize_as_secret_always = False

    def create(self, props):
        return CreateResult("id-1", getattr(self, props["do"])(props) or props)

    def meet(self, props):
        with socket.create_connection(("127.0.0.1", int(props["port"])), timeout=60) as door:
            door.recv(1)

    def timeout(self, props):
        return {"timeout_s": current().timeout_s}

    def wait(self, props):
        operation = current()
        probe = Probe.model_validate({"deadline": 3600, "interval": 60})
        question = UrlQuestion("http://127.0.0.1:1", probe)
        wait_ready(question, probe, Waiting(operation.tell, operation.cancelled))

    def tell(self, props):
        for words in ("one", "one", "two", "one"):
            current().tell(words)
        current().warn("beware")

    def half(self, props):
        outs = {**props, "app_id": "ap-1", "nested": {"version": 2}}
        raise PartialFailure("dev/llm", outs, ["it is not ready", "its log is empty"])

    def refuse(self, props):
        raise SpecError("services.llm.gpu: no such GPU; did you mean H100?")

    def exit(self, props):
        raise SystemExit("gone")
'''


FUNCTION = """@app.function()
def f() -> None: ...
"""


@pytest.fixture(scope="module")
def operating() -> str:
    return pickled(OPERATING, "Operating")


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    with an_engine() as running:
        yield running


@pytest.fixture
def host(tmp_path: Path, engine: FakeEngine) -> Iterator[HostProcess]:
    """A host in a project without any Modal."""
    nowhere = str(tmp_path / "no-modal")
    with provider_host(tmp_path, engine, MODAL_LOCAL_HOME=nowhere, MODAL_ENVIRONMENT="") as running:
        yield running


def an_app(**said: Any) -> dict[str, Any]:
    plan = a_plan(serve=a_function(web=True, gpu="T4"))
    return {**app_inputs(plan, **said), "__provider": APP}


def test_it_says_what_it_can(host: HostProcess) -> None:
    response = host.configure({"project:region": "eu"})
    assert response.supportsPreview is True
    assert response.acceptSecrets is False
    assert host.call("GetPluginInfo", empty_pb2.Empty()).version == "0.1.0"


def test_planned_inputs_pass_the_check_with_their_provider(host: HostProcess) -> None:
    response = host.check(an_app(tag="v1"))
    assert values(response.inputs) == an_app(tag="v1")
    assert list(response.failures) == []


def test_failures_of_a_check_name_their_property(host: HostProcess) -> None:
    response = host.check({**an_app(), "environment": "en-x", "probe": {"function": "none"}})
    found = {one.property: one.reason for one in response.failures}
    assert set(found) == {"environment", "probe.function"}
    assert '"none" has no URL' in found["probe.function"]


def test_the_engine_is_left_to_find_the_difference(host: HostProcess) -> None:
    olds = an_app()
    changed = host.diff(olds, an_app(tag="v2"))
    assert changed.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN
    assert list(changed.replaces) == []
    moved = host.diff(olds, an_app(environment="prod"))
    assert list(moved.replaces) == ["environment"]
    assert moved.deleteBeforeReplace is False
    routed = an_app()
    routed["functions"]["serve"]["routing_region"] = "eu-west"
    assert host.diff(olds, routed).deleteBeforeReplace is True


def test_a_preview_of_a_create_deploys_nothing(host: HostProcess) -> None:
    """There is no Modal here at all: a deploy would fail."""
    response = host.create(an_app(), preview=True)
    assert response.id == ""
    assert values(response.properties) == an_app()


def test_a_preview_of_an_update_knows_what_cannot_change(host: HostProcess) -> None:
    known = {"app_id": "ap-1", "url": "http://x", "urls": {"serve": "http://x"}}
    olds = {**an_app(), **known, "version": 3}
    assert values(host.update(olds, an_app(tag="v2"), preview=True).properties) == {
        **an_app(tag="v2"),
        **known,
        "effect": "new version",
    }
    renamed = host.update(olds, an_app(app_name="other"), preview=True)
    effect = {"effect": "replacement: app_name"}
    assert values(renamed.properties) == {**an_app(app_name="other"), **effect}


def test_what_is_not_known_yet_stays_unknown(host: HostProcess) -> None:
    unsure = an_app(tag=UNKNOWN, probe={"path": UNKNOWN, "deadline": 3})
    unsure["functions"] = {"serve": {"kind": "function", "region": ["us", UNKNOWN]}}
    assert values(host.create(unsure, preview=True).properties) == unsure
    assert values(host.check(unsure).inputs) == unsure
    assert list(host.check(unsure).failures) == []
    assert values(host.update(an_app(), unsure, preview=True).properties) == unsure
    assert host.diff(an_app(), unsure).changes == provider_pb2.DiffResponse.DIFF_UNKNOWN


def test_an_unknown_environment_is_no_failure(host: HostProcess) -> None:
    props = {"name": UNKNOWN, "workspace": "local", "__provider": ENVIRONMENT}
    assert values(host.check(props).inputs) == props
    assert values(host.create(props, preview=True).properties) == props


def failed(call: Any, *arguments: Any, **more: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **more)
    assert caught.value.code() is grpc.StatusCode.UNKNOWN
    return caught.value


def told(error: grpc.RpcError) -> str:
    """The words that the engine shows."""
    return error.details() or ""


def test_an_error_of_ours_is_told_as_it_is(
    host: HostProcess, engine: FakeEngine, operating: str
) -> None:
    error = failed(host.create, {"do": "refuse", "__provider": operating})
    assert told(error) == "services.llm.gpu: no such GPU; did you mean H100?"
    trace = engine.wait_for("Traceback")
    assert trace.severity == engine_pb2.DEBUG
    assert trace.urn == URN


def test_an_operation_without_its_modal_says_what_to_do(host: HostProcess) -> None:
    for call in (host.create, host.read, host.delete):
        error = failed(call, {**an_app(), "app_id": "ap-1"})
        assert told(error).startswith("there is no local Modal in ")
        assert told(error).endswith("start it with `pulumi-modal local start`")


def test_an_import_finds_its_provider_by_the_type_alone(host: HostProcess) -> None:
    assert told(failed(host.read, {})).startswith("x: is not an id; write <environment>/<name>")
    foreign = URN.replace("modal:App", "other:Thing")
    request = provider_pb2.ReadRequest(id="x", urn=foreign)
    assert told(failed(host.call, "Read", request)).startswith(
        "a pulumi-python:dynamic/other:Thing cannot be imported: "
    )


def test_a_partial_failure_keeps_id_and_outputs(host: HostProcess, operating: str) -> None:
    error = failed(host.create, {"do": "half", "__provider": operating})
    assert told(error) == "it is not ready; its log is empty"
    status = status_of(error)
    kept = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(kept)
    assert kept.id == "dev/llm"
    assert list(kept.reasons) == ["it is not ready", "its log is empty"]
    assert values(kept.properties) == {
        "do": "half",
        "app_id": "ap-1",
        "nested": {"version": 2},
        "__provider": operating,
    }


def test_many_operations_run_at_once(host: HostProcess, operating: str) -> None:
    """Each waits for the other end of a connection, and none is let go before all are there."""
    many = 32
    with socket.create_server(("127.0.0.1", 0)) as door, ThreadPoolExecutor(many) as pool:
        door.settimeout(DEADLINE_S)
        props = {"do": "meet", "port": door.getsockname()[1], "__provider": operating}
        calls = [pool.submit(host.create, props) for _ in range(many)]
        inside = [door.accept()[0] for _ in range(many)]
        assert values(host.check(an_app()).inputs) == an_app()
        for one in inside:
            one.sendall(b"x")
            one.close()
        assert [call.result().id for call in calls] == ["id-1"] * many


def test_the_time_that_a_user_allows_is_passed_on(host: HostProcess, operating: str) -> None:
    props = {"do": "timeout", "__provider": operating}
    assert values(host.create(props, timeout=420).properties)["timeout_s"] == 420
    assert "timeout_s" not in values(host.create(props).properties)


def test_a_cancel_ends_a_wait_for_readiness(
    host: HostProcess, engine: FakeEngine, operating: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(failed, host.create, {"do": "wait", "__provider": operating})
        engine.wait_for("waiting for /health")
        host.call("Cancel", empty_pb2.Empty())
        assert told(call.result()).startswith("cancelled while waiting for GET http://127.0.0.1:1")


def test_words_stand_on_the_row_of_their_resource_and_none_twice(
    host: HostProcess, engine: FakeEngine, operating: str
) -> None:
    host.create({"do": "tell", "__provider": operating})
    warning = engine.wait_for("beware")
    assert (warning.severity, warning.ephemeral) == (engine_pb2.WARNING, False)
    assert engine.rows() == ["one", "two", "one"]
    assert {one.urn for one in engine.logged} == {URN}


def test_it_works_without_an_engine_to_tell(tmp_path: Path, operating: str) -> None:
    with provider_host(tmp_path) as alone:
        assert alone.create({"do": "tell", "__provider": operating}).id == "id-1"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(host: HostProcess, number: int) -> None:
    host.process.send_signal(number)
    assert gone(host.process) == 0


def test_it_leaves_nothing_in_the_temporary_folder(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text("import modal\n\napp = modal.App('tiny')\n\n\n" + FUNCTION)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    said = {"source": "tiny.py", "app_name": "tiny", "environment": "dev", "workspace": "local"}
    with provider_host(tmp_path, TMPDIR=str(temporary)) as host:
        assert "functions" in values(host.check({**said, "__provider": APP}).inputs)
        assert list(temporary.iterdir())  # its fork server listens there
        host.process.terminate()
        assert gone(host.process) == 0
    assert not list(temporary.iterdir())


def test_it_ends_even_while_an_operation_goes_on(
    host: HostProcess, engine: FakeEngine, operating: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(host.create, {"do": "wait", "__provider": operating})
        engine.wait_for("waiting for /health")
        host.process.terminate()
        assert gone(host.process) == 0
        with pytest.raises(grpc.RpcError):
            call.result()


def test_it_ends_when_its_engine_is_killed(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-u", "-m", "pulumi_modal.host"])
        print(child.pid, flush=True)
        child.wait()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        host = psutil.Process(int(parent.stdout.readline()))
        assert int(parent.stdout.readline()), "the plugin ended without a port"
        parent.kill()
        _, alive = psutil.wait_procs([host], timeout=DEADLINE_S)
        for one in alive:
            one.kill()
    assert not alive
