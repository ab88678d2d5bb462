"""The providers against a real local Modal: what was done behind Pulumi's back, and what fails."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import modal
import pytest

from pulumi_modal.errors import NotReady, Refused, Unavailable
from pulumi_modal.gateway import connect as connecting
from pulumi_modal.gateway.port import AppRef
from pulumi_modal.gateway.sdk import ModalGateway
from pulumi_modal.provider.app import AppProvider
from pulumi_modal.provider.app_drift import DEPLOYED, DRIFT
from pulumi_modal.provider.app_owner import BIRTH
from pulumi_modal.provider.environment import EnvironmentProvider
from pulumi_modal.provider.operation import PartialFailure
from tests.fakes.local_modal import LocalModalServer, local_modal

SOURCE = """
import modal

app = modal.App("in-code")


@app.function(max_containers={max_containers})
@modal.asgi_app()
def web():
    async def asgi(scope, receive, send):
        status = {status} if scope["path"] == "/health" else 404
        await send({{"type": "http.response.start", "status": status, "headers": []}})
        await send({{"type": "http.response.body", "body": b"{said}"}})
    print("{said}")
    return asgi


@app.cls()
class Model:
    @modal.method()
    def predict(self):
        return 1
"""
PROBE = {"path": "/health", "deadline": 60, "interval": 0.1}
_numbers = itertools.count(1)


@dataclass
class Project:
    """A folder with one Modal file, and an environment of its own to deploy it to."""

    folder: Path
    server: LocalModalServer
    gateway: ModalGateway
    environment: str
    provider: AppProvider

    def write(self, said: str = "hello", status: int = 200, max_containers: int = 3) -> None:
        text = SOURCE.format(said=said, status=status, max_containers=max_containers)
        (self.folder / "llm.py").write_text(text)

    def inputs(self, **said: Any) -> dict[str, Any]:
        """What a check makes of what a program says."""
        news = {
            "source": "llm.py",
            "app_name": "llm",
            "environment": self.environment,
            "workspace": "local",
            "probe": PROBE,
            "owner": "shop/dev",
            **said,
        }
        result = self.provider.check({}, news)
        assert result.failures == []
        return result.inputs

    def create(self, **said: Any) -> dict[str, Any]:
        result = self.provider.create(self.inputs(**said))
        assert result.outs is not None
        return result.outs

    def update(self, olds: dict[str, Any], **said: Any) -> dict[str, Any]:
        result = self.provider.update("x", olds, self.inputs(**said))
        assert result.outs is not None
        return result.outs

    @property
    def app(self) -> AppRef:
        return AppRef(self.environment, "llm")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture
def project(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Project]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODAL_LOCAL_HOME", str(server.home))
    monkeypatch.delenv("MODAL_ENVIRONMENT", raising=False)
    monkeypatch.setattr(connecting, "_OPEN", {})
    name = f"stage-{next(_numbers)}"
    EnvironmentProvider().create({"name": name, "workspace": "local"})
    gateway = connecting.connect("local", name, tmp_path)
    assert isinstance(gateway, ModalGateway)
    made = Project(tmp_path, server, gateway, name, AppProvider())
    made.write()
    yield made
    gateway.close()


def test_a_create_deploys_waits_and_tells_all(project: Project) -> None:
    outs = project.create(overrides={"Model": {"gpu": "H100"}})
    assert outs["version"] == 1
    assert outs["app_id"].startswith("ap-")
    assert list(outs["urls"]) == ["web"]
    assert outs["functions"]["Model"]["gpu"] == "H100"
    assert outs["code"] == {"Model": {"gpu": "(not set)"}}
    assert httpx.get(f"{outs['url']}/health", timeout=30).text == "hello"


def test_a_create_that_was_lost_is_repeated_without_a_second_app(project: Project) -> None:
    lost = project.create()
    again = project.create()
    assert {**again, BIRTH: lost[BIRTH]} == lost
    assert list(project.gateway.apps(project.environment)) == ["llm"]


def test_an_app_of_somebody_else_is_taken_over_only_when_told_to(project: Project) -> None:
    project.server.modal(
        "deploy", "--env", project.environment, "--name", "llm", "llm.py", cwd=project.folder
    )
    theirs = project.gateway.find(project.app)
    assert theirs is not None
    with pytest.raises(Refused, match=r"is there already: version 1, deployed by local on 20"):
        project.create()
    outs = project.create(adopt=True)
    assert (outs["app_id"], outs["version"]) == (theirs.app_id, 1)  # the same code: no new version
    tags = project.gateway.tags(outs["app_id"])
    assert (tags["pulumi-project"], tags["pulumi-stack"]) == ("shop", "dev")


def test_a_change_of_the_file_is_an_update_of_the_same_app(project: Project) -> None:
    olds = project.create()
    project.write(said="changed")
    news = project.inputs()
    assert news["digest"]["files"] != olds["digest"]["files"]
    outs = project.update(olds)
    assert (outs["app_id"], outs["version"]) == (olds["app_id"], 2)
    assert httpx.get(f"{outs['url']}/health", timeout=30).text == "changed"


def test_a_refresh_of_what_nobody_touched_changes_nothing(project: Project) -> None:
    outs = project.create(overrides={"Model": {"gpu": ["H100:2", "A100"], "cpu": [0.5, 2]}})
    found = project.provider.read("x", outs)
    assert found.outs == outs
    assert found.inputs == project.inputs(
        overrides={"Model": {"gpu": ["H100:2", "A100"], "cpu": [0.5, 2]}}
    )


def test_an_app_that_was_stopped_reads_as_gone_and_is_deployed_anew(project: Project) -> None:
    outs = project.create()
    project.gateway.stop(outs["app_id"])
    assert project.provider.read("x", outs).id is None
    said = {"overrides": {"web": {"max_containers": 4}}}
    news = project.update(outs, **said)
    assert news["app_id"] != outs["app_id"]
    assert project.provider.read("x", news).inputs == project.inputs(**said)


def test_a_rescaled_function_shows_and_is_set_back(project: Project) -> None:
    outs = project.create()
    function = project.gateway.function(project.app, "web")
    assert function is not None
    project.gateway.set_bounds(function.function_id, {"max_containers": 9, "min_containers": 1})
    found = project.provider.read("x", outs)
    assert found.inputs is not None
    assert found.inputs["functions"]["web"]["max_containers"] == 9
    assert found.inputs["functions"]["web"]["min_containers"] == 1
    assert DRIFT not in found.inputs
    assert found.outs is not None
    mended = project.update(found.outs)
    assert project.provider.read("x", mended).inputs == project.inputs()


def test_bounds_change_in_place_and_a_trigger_rolls_over(project: Project) -> None:
    outs = project.create()
    bounds = {"web": {"max_containers": 6, "min_containers": 1}}
    scaled = project.update(outs, overrides=bounds)
    assert scaled["version"] == 1
    assert project.provider.read("x", scaled).inputs == project.inputs(overrides=bounds)
    said = {"overrides": bounds, "triggers": {"secret": "d1"}}
    rolled = project.update(scaled, **said)
    assert (rolled["app_id"], rolled["version"]) == (outs["app_id"], 2)
    assert project.provider.read("x", rolled).inputs == project.inputs(**said)
    function = project.gateway.function(project.app, "web")
    assert function is not None
    assert function.settings["max_containers"] == 6


def test_a_foreign_deploy_shows_with_all_that_differs(project: Project) -> None:
    outs = project.create()
    project.write(max_containers=7)
    project.server.modal(
        "deploy", "--env", project.environment, "--name", "llm", "llm.py", cwd=project.folder
    )
    project.write()
    found = project.provider.read("x", outs)
    assert found.inputs is not None
    assert found.inputs["functions"]["web"]["max_containers"] == 7
    told = found.inputs[DRIFT]["version"]
    assert told.pop("at").endswith("Z")
    assert told == {
        "what": "deployed, not by this stack",
        "declared": 1,
        "found": 2,
        "by": "local",
        "client_version": modal.__version__,
    }
    assert found.outs is not None
    assert project.update(found.outs)["version"] == 3


def test_an_app_that_is_not_ready_is_kept_with_its_log(project: Project) -> None:
    project.write(said="no model here", status=503)
    with pytest.raises(PartialFailure) as caught:
        project.create(probe={"path": "/health", "deadline": 5, "interval": 0.1})
    (reason,) = caught.value.reasons
    assert "was not answered with 200 within 5 s; last answer: 503 no model here" in reason
    assert "      | no model here" in reason
    assert isinstance(caught.value.__cause__, NotReady)
    assert caught.value.resource_id == f"{project.environment}/llm"
    project.write()
    mended = project.update(caught.value.outs)
    assert mended["app_id"] == caught.value.outs["app_id"]
    assert project.provider.read("x", mended).inputs == project.inputs()


def test_a_refresh_never_fails_for_an_app_that_is_not_ready(project: Project) -> None:
    project.write(status=503)
    with pytest.raises(PartialFailure) as caught:
        project.create(probe={"path": "/health", "deadline": 1, "interval": 0.1})
    found = project.provider.read("x", caught.value.outs)
    assert found.outs == caught.value.outs


def test_a_delete_stops_the_app_and_repeats_safely(project: Project) -> None:
    outs = project.create()
    project.provider.delete("x", outs)
    assert list(project.gateway.apps(project.environment)) == []
    project.provider.delete("x", outs)


def test_without_modal_nothing_is_dropped(project: Project) -> None:
    outs = project.create()
    project.server.stop()
    connecting._OPEN.clear()
    try:
        for fails in (project.provider.read, project.provider.delete):
            with pytest.raises(Unavailable) as caught:
                fails("x", outs)
            assert str(caught.value).endswith("start it with `pulumi-modal local start`")
    finally:
        project.server.start()
    found = project.provider.read("x", outs)
    assert found.inputs == project.inputs()


def test_an_environment_goes_only_after_its_apps(project: Project) -> None:
    where = {"name": project.environment, "workspace": "local", "adopted": False}
    outs = project.create()
    provider = EnvironmentProvider()
    with pytest.raises(Refused, match="holds app llm, which would be lost with it"):
        provider.delete(project.environment, where)
    project.provider.delete("x", outs)
    provider.delete(project.environment, where)
    assert provider.read(project.environment, where).id is None
    assert project.provider.read("x", outs).id is None


def test_no_token_is_in_a_state(project: Project) -> None:
    outs = project.create()
    secret = project.server.access["MODAL_TOKEN_SECRET"]
    assert secret not in str(outs)
    assert DEPLOYED in outs
