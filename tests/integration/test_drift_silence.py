"""What nobody touched has not drifted, whatever is declared: every setting there is, at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.commands.drift_look import look_at
from pulumi_modal.commands.drift_state import TYPES, Recorded
from pulumi_modal.gateway import connect as connecting
from pulumi_modal.provider.app import AppProvider
from pulumi_modal.provider.environment import EnvironmentProvider
from pulumi_modal.spec.overrides import FunctionOverrides
from tests.fakes.local_modal import LocalModalServer, local_modal

ENVIRONMENT = "sink"
SOURCE = """
import modal

app = modal.App("in-code")

@app.function(
    secrets=[modal.Secret.from_name("in-code")],
    volumes={"/data": modal.Volume.from_name("in-code")},
)
@modal.concurrent(max_inputs=2)
def work():
    return 1

@app.function(schedule=modal.Cron("0 4 * * *"), enable_memory_snapshot=True)
def steady():
    return 1

@app.function()
@modal.batched(max_batch_size=4, wait_ms=50)
def batched(numbers: list[int]):
    return numbers

@app.cls()
class Model:
    @modal.fastapi_endpoint()
    def ask(self):
        return 1

@app.function()
@modal.web_server(8000, startup_timeout=7, label="sink-port")
def port():
    pass

@app.server(port=9000, routing_region="us-east", max_concurrency=8)
class Server:
    @modal.enter()
    def start(self):
        pass
"""
OVERRIDES: dict[str, dict[str, Any]] = {
    "work": {
        "gpu": ["h100:2", "A100"],
        "cpu": [0.5, 2],
        "memory": ["512Mi", "1Gi"],
        "ephemeral_disk": "600Gi",
        "timeout": "5m",
        "startup_timeout": "10m",
        "retries": {"max_retries": 2, "initial_delay": "3s"},
        "min_containers": 0,
        "max_containers": 3,
        "buffer_containers": 1,
        "scaledown_window": "2m",
        "max_inputs": 4,
        "target_inputs": 3,
        "max_in_flight": 12,
        "env": {"MODE": "fast"},
        "secrets": {"in-code": "here"},
        "volumes": {"/data": "here"},
        "region": ["eu", "us-east"],
        "cloud": "gcp",
    },
    "steady": {"nonpreemptible": True, "routing_region": "eu-west", "retries": 1},
    "batched": {"max_batch_size": 8, "wait_ms": "20ms"},
    "Model": {"web": {"label": "sink-ask", "requires_proxy_auth": True}, "max_containers": 2},
    "Server": {"scaleup_window": "30s", "startup_timeout": "1m"},
}


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("sink")) as running:
        yield running


def test_every_setting_is_in_the_sink() -> None:
    said = {key for settings in OVERRIDES.values() for key in settings}
    assert said == set(FunctionOverrides.model_fields)


def test_an_app_with_every_setting_has_not_drifted_after_its_deploy(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODAL_LOCAL_HOME", str(server.home))
    monkeypatch.delenv("MODAL_ENVIRONMENT", raising=False)
    monkeypatch.setattr(connecting, "_OPEN", {})
    (tmp_path / "sink.py").write_text(SOURCE)
    place = {"name": ENVIRONMENT, "workspace": "local"}
    where = EnvironmentProvider().create(place)
    server.modal("secret", "create", "--env", ENVIRONMENT, "here", "A=1")
    server.modal("volume", "create", "--env", ENVIRONMENT, "here")

    news = {
        "source": "sink.py",
        "app_name": "sink",
        "environment": ENVIRONMENT,
        "workspace": "local",
        "overrides": OVERRIDES,
    }
    checked = AppProvider().check({}, news)
    assert checked.failures == []
    made = AppProvider().create(checked.inputs)
    assert made.outs is not None
    assert where.outs is not None

    found = AppProvider().read(made.id, made.outs)
    assert found.inputs == checked.inputs
    assert found.outs == made.outs
    resources = [
        recorded("App", made.id, checked.inputs, made.outs),
        recorded("Environment", where.id, place, where.outs),
    ]
    looked = look_at(resources)
    assert [(one.failure, one.differences) for one in looked] == [("", ()), ("", ())]


def recorded(
    noun: str, id_: str | None, inputs: dict[str, Any], outputs: dict[str, Any]
) -> Recorded:
    """A resource as a state holds it."""
    urn = f"urn:pulumi:dev::project::{TYPES}{noun}::it"
    return Recorded(urn, f"{TYPES}{noun}", id_ or "", inputs, outputs, frozenset())
