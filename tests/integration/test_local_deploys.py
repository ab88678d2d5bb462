"""The stock client and command line against a running local Modal: deploys and versions."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import httpx
import modal
import pytest
from modal.exception import InvalidError, NotFoundError

from tests.fakes.local_modal import LocalModalServer, local_modal

NO_CHANGE = "Deployment skipped: no changes detected"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("deploys")) as running:
        yield running


def a_source(folder: Path, name: str, body: str) -> Path:
    path = folder / f"{name.replace('-', '_')}.py"
    path.write_text(f"import modal\napp = modal.App({name!r})\n{textwrap.dedent(body)}")
    return path


def answering(answer: str, **settings: object) -> str:
    given = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    return f"""
    @app.function({given})
    def answer():
        return {answer!r}
    """


def call(server: LocalModalServer, app: str, function: str = "answer", env: str = "main") -> object:
    with server.client() as client:
        found = modal.Function.from_name(app, function, environment_name=env, client=client)
        return found.remote()


def web_url(server: LocalModalServer, app: str) -> str:
    with server.client() as client:
        url = modal.Function.from_name(app, "answer", client=client).get_web_url()
    assert url is not None
    return url


def versions(server: LocalModalServer, app: str) -> list[str]:
    history = json.loads(server.modal("app", "history", app, "--json").stdout)
    return [entry["version"] for entry in history]


def listed(server: LocalModalServer, env: str = "main") -> dict[str, str]:
    """State by app."""
    apps = json.loads(server.modal("app", "list", "--env", env, "--json").stdout)
    return {app["description"]: app["state"] for app in reversed(apps)}


def test_a_redeploy_serves_the_new_code_and_keeps_the_app(
    server: LocalModalServer, tmp_path: Path
) -> None:
    server.deploy(a_source(tmp_path, "redeployed", answering("one")))
    assert call(server, "redeployed") == "one"
    before = server.status()["apps"]
    server.deploy(a_source(tmp_path, "redeployed", answering("two")))
    assert call(server, "redeployed") == "two"
    ids = [
        {app["app_id"] for app in apps if app["name"] == "redeployed"}
        for apps in (before, server.status()["apps"])
    ]
    assert ids[0] == ids[1]
    assert versions(server, "redeployed") == ["v2", "v1"]


def test_a_deploy_without_changes_makes_no_version(
    server: LocalModalServer, tmp_path: Path
) -> None:
    body = """
    secret = modal.Secret.from_dict({"KEY": "value"})
    volume = modal.Volume.from_name("unchanged-data", create_if_missing=True)

    @app.function(secrets=[secret], volumes={"/data": volume}, gpu=["H100", "A100"])
    def answer():
        return 1

    @app.cls(image=modal.Image.debian_slim().env({"A": "b"}))
    class Model:
        @modal.method()
        def predict(self):
            return 2

        @modal.fastapi_endpoint(label="unchanged")
        def web(self):
            return 3
    """
    source = a_source(tmp_path, "unchanged", body)
    assert NO_CHANGE not in server.modal("deploy", str(source)).stdout
    assert NO_CHANGE in server.modal("deploy", str(source)).stdout
    assert versions(server, "unchanged") == ["v1"]
    assert NO_CHANGE not in server.modal("deploy", str(source), "--tag", "named").stdout


def test_a_changed_setting_alone_makes_a_version(server: LocalModalServer, tmp_path: Path) -> None:
    server.deploy(a_source(tmp_path, "resized", answering("x", gpu="T4")))
    server.deploy(a_source(tmp_path, "resized", answering("x", gpu="H100:2")))
    assert versions(server, "resized") == ["v2", "v1"]
    app = next(app for app in server.status()["apps"] if app["name"] == "resized")
    assert app["gpus"] == ["H100:2"]


def test_bounds_set_at_run_time_are_wiped_by_the_next_deploy(
    server: LocalModalServer, tmp_path: Path
) -> None:
    source = a_source(tmp_path, "rescaled", answering("x", max_containers=3))
    server.deploy(source)
    with server.client() as client:
        function = modal.Function.from_name("rescaled", "answer", client=client)
        function.autoscaler.update(max_containers=2)
        assert function.autoscaler.settings().max_containers == 2
        assert NO_CHANGE not in server.modal("deploy", str(source)).stdout
        assert function.autoscaler.settings().max_containers == 3


def test_a_rollback_brings_older_code_back_as_a_new_version(
    server: LocalModalServer, tmp_path: Path
) -> None:
    for answer in ("one", "two", "three"):
        server.deploy(a_source(tmp_path, "rolled", answering(answer)))
    server.modal("app", "rollback", "rolled")
    assert call(server, "rolled") == "two"
    server.modal("app", "rollback", "rolled", "v1")
    assert call(server, "rolled") == "one"
    server.modal("app", "rollover", "rolled")
    assert versions(server, "rolled") == ["v6", "v5", "v4", "v3", "v2", "v1"]
    refused = server.modal("app", "rollback", "rolled", "v77", check=False)
    assert refused.returncode == 1
    assert "older" in refused.stderr


def test_a_version_can_be_called_although_a_newer_one_serves(
    server: LocalModalServer, tmp_path: Path
) -> None:
    for answer in ("old", "new"):
        server.deploy(a_source(tmp_path, "pinned", answering(answer)))
    with server.client() as client:
        both = [
            modal.Function.from_name("pinned", "answer", version=version, client=client)
            for version in (1, 2)
        ]
        assert [function.remote() for function in both] == ["old", "new"]


def test_a_stopped_app_takes_no_calls_and_its_name_is_free(
    server: LocalModalServer, tmp_path: Path
) -> None:
    source = a_source(tmp_path, "ended", answering("x", min_containers=1))
    server.deploy(source)
    assert call(server, "ended") == "x"
    server.modal("app", "stop", "ended", "-y")
    assert listed(server)["ended"] == "stopped"
    assert not [each for each in server.status()["containers"] if each["app"] == "ended"]
    with pytest.raises(
        modal.exception.NotFoundError, match="App 'ended' not found in environment 'main'"
    ):
        call(server, "ended")
    again = server.modal("app", "stop", "ended", "-y", check=False)
    assert "already stopped" in again.stderr
    server.deploy(source)
    assert call(server, "ended") == "x"
    assert versions(server, "ended") == ["v1"]


def test_functions_that_modal_would_refuse_are_refused_with_a_sentence(
    server: LocalModalServer, tmp_path: Path
) -> None:
    body = """
    @app.function(gpu="H101:3", timeout=90_000, region="mars")
    def answer():
        return 1
    """
    refused = server.modal("deploy", str(a_source(tmp_path, "bad", body)), check=False)
    assert refused.returncode == 1
    told = " ".join((refused.stderr + refused.stdout).split())
    assert "GPU H101 is unknown. Did you mean H100?" in told
    assert "timeout is 90000 s; it must be between 1 and 86400 s." in told
    assert 'region "mars" is unknown' in told
    assert "bad" not in [app["name"] for app in server.status()["apps"]]


def test_a_web_label_that_another_app_has_is_taken_with_a_warning(
    server: LocalModalServer, tmp_path: Path
) -> None:
    body = """
    @app.function()
    @modal.asgi_app(label="contested")
    def answer():
        async def asgi(scope, receive, send):
            await send({{"type": "http.response.start", "status": 200, "headers": []}})
            await send({{"type": "http.response.body", "body": {answer!r}.encode()}})
        return asgi
    """
    first = a_source(tmp_path, "web-first", body.format(answer="first"))
    second = a_source(tmp_path, "web-second", body.format(answer="second"))
    server.deploy(first)
    url = web_url(server, "web-first")
    assert httpx.get(url, timeout=60).text == "first"
    told = server.modal("deploy", str(second))
    assert '"contested" is taken from app "web-first"' in " ".join(
        (told.stdout + told.stderr).split()
    )
    assert web_url(server, "web-second") == url
    assert httpx.get(url, timeout=60).text == "second"


def test_environments_keep_apps_apart_and_take_them_along(
    server: LocalModalServer, tmp_path: Path
) -> None:
    server.modal("environment", "create", "staging")
    server.deploy(a_source(tmp_path, "twice", answering("main")))
    other = a_source(tmp_path, "twice", answering("staging"))
    server.modal("deploy", "--env", "staging", str(other))
    answers = [call(server, "twice", env="main"), call(server, "twice", env="staging")]
    assert answers == ["main", "staging"]
    server.modal("environment", "delete", "staging", "-y")
    with pytest.raises(NotFoundError, match="Environment 'staging' not found"):
        call(server, "twice", env="staging")
    assert call(server, "twice", env="main") == "main"
    default = server.modal("environment", "delete", "main", "-y", check=False)
    assert default.returncode == 1


def test_lookups_of_what_is_not_there_say_what_is(server: LocalModalServer, tmp_path: Path) -> None:
    body = """
    @app.cls()
    class Model:
        @modal.method()
        def predict(self):
            return 1
    """
    server.deploy(a_source(tmp_path, "lookups", body))
    with pytest.raises(
        modal.exception.NotFoundError, match="has no function 'nope'; it has: Model"
    ):
        call(server, "lookups", "nope")
    with pytest.raises(NotFoundError, match=r"is a modal\.Cls"):
        call(server, "lookups", "Model")
    with pytest.raises(NotFoundError, match="Environment 'nowhere' not found"):
        call(server, "lookups", "nope", env="nowhere")


def test_options_and_parameters_make_pools_of_their_own(
    server: LocalModalServer, tmp_path: Path
) -> None:
    body = """
    @app.cls()
    class Model:
        name: str = modal.parameter(default="you")

        @modal.method()
        def greet(self):
            import os
            return self.name, os.environ.get("GREETING", "")
    """
    server.deploy(a_source(tmp_path, "variants", body))
    with server.client() as client:
        model = modal.Cls.from_name("variants", "Model", client=client)
        other = model.with_options(env={"GREETING": "hi"}, max_containers=1)
        answers = [each.greet.remote() for each in (model(), model(name="me"), other(name="it"))]
        assert answers == [("you", ""), ("me", ""), ("it", "hi")]
        refused = model.with_options(gpu="H101")
        with pytest.raises(InvalidError, match="GPU H101 is unknown"):
            refused().greet.remote()
