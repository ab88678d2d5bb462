"""Who is in a workspace, and what they own: service users, proxy tokens, secrets, volumes, tags."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import modal
import pytest
from modal.exception import AlreadyExistsError, NotFoundError
from modal_proto import api_pb2

from tests.fakes.local_modal import LocalModalServer, local_modal
from tests.fakes.wire import call

APP = """
import modal

app = modal.App("closed", tags={"team": "ml"})


@app.function()
@modal.asgi_app(requires_proxy_auth=True)
def web():
    async def asgi(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"open"})

    return asgi
"""
TAGGED = """
import modal

app = modal.App("tagged", tags={"team": "ml"})


@app.function()
def answer():
    return 1
"""
DEADLINE_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("workspace")) as running:
        yield running


@pytest.fixture(scope="module")
def url(server: LocalModalServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    source = tmp_path_factory.mktemp("closed") / "closed.py"
    source.write_text(APP)
    server.deploy(source)
    with server.client() as client:
        return str(modal.Function.from_name("closed", "web", client=client).get_web_url())


@pytest.fixture
def client(server: LocalModalServer) -> Iterator[modal.Client]:
    with server.client() as connected:
        yield connected


def status(url: str, token_id: str, secret: str) -> int:
    headers = {"Modal-Key": token_id, "Modal-Secret": secret}
    return httpx.get(url, headers=headers, timeout=DEADLINE_S).status_code


def test_a_proxy_token_opens_a_url_until_it_is_deleted(client: modal.Client, url: str) -> None:
    tokens = modal.Workspace.from_context(client=client).proxy_tokens
    made = tokens.create(name="visitors")
    assert status(url, made.token_id, made.token_secret) == 200
    assert status(url, made.token_id, "ws-guess") == 401
    tokens.update(made.token_id, name="guests")
    (shown,) = [one for one in tokens.list() if one.token_id == made.token_id]
    assert (shown.name, shown.created_by) == ("guests", "local")
    tokens.delete(made.token_id)
    assert status(url, made.token_id, made.token_secret) == 401
    with pytest.raises(NotFoundError):
        tokens.delete(made.token_id)


def test_a_proxy_token_is_allowed_in_environments_one_by_one(client: modal.Client) -> None:
    modal.Environment.objects.create("guarded", client=client)
    tokens = modal.Workspace.from_context(client=client).proxy_tokens
    made = tokens.create()
    assert tokens.list(environment_name="guarded") == []
    tokens.allow(made.token_id, "guarded")
    tokens.allow(made.token_id, "guarded")
    assert [one.token_id for one in tokens.list(environment_name="guarded")] == [made.token_id]
    tokens.revoke(made.token_id, "guarded")
    assert tokens.list(environment_name="guarded") == []
    with pytest.raises(NotFoundError, match="was not allowed"):
        tokens.revoke(made.token_id, "guarded")


@pytest.mark.usefixtures("url")
def test_what_a_service_user_does_bears_its_name(
    server: LocalModalServer, client: modal.Client, tmp_path: Path
) -> None:
    users = modal.Workspace.from_context(client=client).service_users
    made = users.create("robot", expires_in=3600)
    credentials: dict[str, Any] = {
        "MODAL_TOKEN_ID": made.token_id,
        "MODAL_TOKEN_SECRET": made.token_secret,
    }
    (tmp_path / "closed.py").write_text(APP.replace('b"open"', 'b"robot"'))
    server.modal("deploy", "closed.py", cwd=tmp_path, **credentials)
    server.modal("secret", "create", "robots-own", "KEY=1", **credentials)
    request = api_pb2.AppGetByDeploymentNameRequest(name="closed")
    app = call(server, "AppGetByDeploymentName", request)
    assert (app.lifecycle.deployed_by, app.lifecycle.created_by) == ("robot", "local")
    history = call(
        server, "AppDeploymentHistory", api_pb2.AppDeploymentHistoryRequest(app_id=app.app_id)
    )
    by = [one.deployed_by for one in history.app_deployment_histories]
    assert by == ["robot", "local"]
    info = modal.Secret.from_name("robots-own", client=client).info()
    assert info.created_by == "robot"
    assert "robot" in server.modal("token", "info", **credentials).stdout
    (shown,) = users.list()
    assert (shown.name, shown.created_by, shown.last_used_at is not None) == (
        "robot",
        "local",
        True,
    )
    users.delete("robot")
    refused = server.modal("secret", "list", check=False, **credentials)
    assert refused.returncode == 1
    with pytest.raises(NotFoundError):
        users.info("robot")


def test_the_one_person_owns_the_workspace(client: modal.Client) -> None:
    (member,) = modal.Workspace.from_context(client=client).members.list()
    assert (member.name, member.role) == ("local", "owner")


def test_a_secret_is_overwritten_only_on_demand(
    server: LocalModalServer, client: modal.Client
) -> None:
    modal.Secret.objects.create("key", {"A": "1", "B": "2"}, client=client)
    first = modal.Secret.from_name("key", client=client).hydrate().object_id
    with pytest.raises(AlreadyExistsError):
        modal.Secret.objects.create("key", {"C": "3"}, client=client)
    modal.Secret.objects.create("key", {"C": "3"}, allow_existing=True, client=client)
    modal.Secret.from_name("key", required_keys=["A", "B"], client=client).hydrate()
    server.modal("secret", "create", "--force", "key", "D=4")
    with pytest.raises(NotFoundError, match="lacks the required keys: A"):
        modal.Secret.from_name("key", required_keys=["A"], client=client).hydrate()
    modal.Secret.from_name("key", required_keys=["D"], client=client).update({"E": "5"})
    (listed,) = [one for one in modal.Secret.objects.list(client=client) if one.name == "key"]
    assert listed.object_id == first
    info = listed.info()
    assert info.created_at.timestamp() > 0
    modal.Secret.objects.delete("key", client=client)
    with pytest.raises(NotFoundError):
        modal.Secret.objects.delete("key", client=client)


@pytest.mark.parametrize("version", [1, 2])
def test_a_volume_is_made_renamed_looked_into_and_deleted(
    server: LocalModalServer, client: modal.Client, tmp_path: Path, version: int
) -> None:
    name = f"models-v{version}"
    modal.Volume.objects.create(name, version=version, client=client)
    with pytest.raises(AlreadyExistsError):
        modal.Volume.objects.create(name, version=version, client=client)
    volume = modal.Volume.from_name(name, client=client).hydrate()
    assert list(volume.iterdir("/")) == []
    (tmp_path / "weights").write_bytes(b"w" * 1000)
    with volume.batch_upload() as upload:
        upload.put_file(tmp_path / "weights", "/deep/weights")
    assert [entry.path for entry in volume.iterdir("/")] == ["deep", "deep/weights"]
    modal.Volume.rename(name, f"{name}-new", client=client)
    renamed = modal.Volume.from_name(f"{name}-new", client=client).hydrate()
    assert renamed.object_id == volume.object_id
    assert renamed.info().created_by == "local"
    listed = call(server, "VolumeList", api_pb2.VolumeListRequest()).items
    kept = {one.label: one.metadata.version for one in listed}
    assert kept[f"{name}-new"] == version
    modal.Volume.objects.delete(f"{name}-new", client=client)
    with pytest.raises(NotFoundError):
        list(volume.iterdir("/"))


def test_tags_stay_over_rollover_and_rollback_and_history_tells_the_kinds(
    server: LocalModalServer, client: modal.Client, tmp_path: Path
) -> None:
    source = tmp_path / "tagged.py"
    source.write_text(TAGGED)
    server.deploy(source)
    server.modal("app", "rollover", "tagged")
    server.modal("app", "rollback", "tagged", "v1")
    app = modal.App.lookup("tagged", client=client)
    assert app.get_tags(client=client) == {"team": "ml"}
    app.set_tags({"team": "web", "stack": "dev"}, client=client)
    assert app.get_tags(client=client) == {"team": "web", "stack": "dev"}
    request = api_pb2.AppDeploymentHistoryRequest(app_id=str(app.app_id))
    history = call(server, "AppDeploymentHistory", request)
    kinds = [
        (one.version, one.deployment_type, one.rollback_version)
        for one in history.app_deployment_histories
    ]
    assert kinds == [
        (3, api_pb2.DEPLOYMENT_TYPE_ROLLBACK, 1),
        (2, api_pb2.DEPLOYMENT_TYPE_ROLLOVER, 1),
        (1, api_pb2.DEPLOYMENT_TYPE_STANDARD, 0),
    ]
