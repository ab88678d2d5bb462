"""Environments by the stock SDK: web suffixes and URLs, names, restrictions, roles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import modal
import pytest
from google.protobuf.empty_pb2 import Empty
from modal.environments import update_environment
from modal.exception import (
    AlreadyExistsError,
    InvalidError,
    NotFoundError,
    WorkspaceManagementError,
)
from modal_proto import api_pb2

from tests.fakes.local_modal import LocalModalServer, local_modal
from tests.fakes.wire import call

APP = """
import modal

app = modal.App("doors")


async def asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"open"})


@app.function()
@modal.asgi_app(requires_proxy_auth=True)
def closed():
    return asgi


@app.cls()
class Page:
    @modal.asgi_app()
    def web(self):
        return asgi
"""
DEADLINE_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("environments")) as running:
        yield running


@pytest.fixture
def client(server: LocalModalServer) -> Iterator[modal.Client]:
    with server.client() as connected:
        yield connected


def shown(server: LocalModalServer, name: str) -> api_pb2.EnvironmentListItem:
    (item,) = [one for one in call(server, "EnvironmentList", Empty()).items if one.name == name]
    return item  # type: ignore[no-any-return]  # the wire's answers are untyped here


def urls(client: modal.Client, environment: str) -> tuple[str, str]:
    """Of the function, and of the method of the class."""
    here: dict[str, Any] = {"environment_name": environment, "client": client}
    function = modal.Function.from_name("doors", "closed", **here)
    page = modal.Cls.from_name("doors", "Page", **here)
    return str(function.get_web_url()), str(page().web.get_web_url())


def deployed(server: LocalModalServer, folder: Path, environment: str) -> Path:
    with server.client() as client:
        modal.Environment.objects.create(environment, client=client)
    source = folder / "doors.py"
    source.write_text(APP)
    server.deploy(source, environment=environment)
    return source


def test_another_web_suffix_is_another_url_and_no_new_version(
    server: LocalModalServer, client: modal.Client, tmp_path: Path
) -> None:
    source = deployed(server, tmp_path, "moved")
    assert shown(server, "moved").webhook_suffix == "moved"
    before = urls(client, "moved")
    update_environment("moved", new_web_suffix="elsewhere", client=client)
    after = urls(client, "moved")
    assert set(before).isdisjoint(after)
    assert httpx.get(after[1], timeout=DEADLINE_S).text == "open"
    with pytest.raises(httpx.ConnectError):
        httpx.get(before[1], timeout=DEADLINE_S)
    told = server.modal("deploy", "--env", "moved", str(source)).stdout
    assert "no changes" in told
    server.stop()
    server.start()
    assert httpx.get(after[1], timeout=DEADLINE_S).text == "open"
    with server.client() as again:
        update_environment("moved", new_web_suffix="moved", client=again)
        assert urls(again, "moved") == before


def test_no_two_environments_have_one_web_suffix(
    server: LocalModalServer, client: modal.Client
) -> None:
    for name in ("twin", "other", "Other"):
        modal.Environment.objects.create(name, client=client)
    assert shown(server, "Other").webhook_suffix != "other"
    with pytest.raises(AlreadyExistsError, match="that of environment 'other'"):
        update_environment("twin", new_web_suffix="other", client=client)
    with pytest.raises(InvalidError, match="not accepted"):
        update_environment("twin", new_web_suffix="-Bad", client=client)
    update_environment("twin", new_web_suffix="", client=client)
    with pytest.raises(AlreadyExistsError):
        update_environment("other", new_web_suffix="", client=client)
    assert shown(server, "twin").webhook_suffix == ""


def test_a_renamed_environment_keeps_its_id_its_urls_and_what_is_in_it(
    server: LocalModalServer, client: modal.Client, tmp_path: Path
) -> None:
    deployed(server, tmp_path, "before")
    url = urls(client, "before")[1]
    assert httpx.get(url, timeout=DEADLINE_S).text == "open"
    (running,) = [one for one in server.status()["containers"] if one["environment"] == "before"]
    known, before = shown(server, "before"), urls(client, "before")
    update_environment("before", new_name="after", client=client)
    assert shown(server, "after").environment_id == known.environment_id
    assert urls(client, "after") == before
    assert httpx.get(before[1], timeout=DEADLINE_S).text == "open"
    now = {one["task_id"]: one["environment"] for one in server.status()["containers"]}
    assert now[running["task_id"]] == "after"
    with pytest.raises(NotFoundError, match="before"):
        modal.Environment.from_name("before", client=client).hydrate()
    with pytest.raises(AlreadyExistsError):
        update_environment("after", new_name="main", client=client)


def test_a_restricted_environment_shows_its_roles(
    server: LocalModalServer, client: modal.Client
) -> None:
    modal.Workspace.from_context(client=client).service_users.create("bot", expires_in=None)
    modal.Environment.objects.create(
        "prod", restricted=True, default_role="no-access", client=client
    )
    item = shown(server, "prod")
    assert item.is_managed
    assert item.default_member_role == api_pb2.ENVIRONMENT_ROLE_NO_ACCESS
    roles = modal.Environment.from_name("prod", client=client).roles
    assert roles.list() == {
        "users": {"local": "contributor"},
        "service_users": {"bot": "no-access"},
    }
    assert roles.list(exclude_default=True) == {"users": {}, "service_users": {}}
    roles.update(users={"local": "contributor"}, service_users={"bot": "viewer"})
    assert roles.list(exclude_default=True) == {
        "users": {"local": "contributor"},
        "service_users": {"bot": "viewer"},
    }
    users = modal.Workspace.from_context(client=client).service_users
    assert users.info("bot").environment_roles == {"prod": "viewer"}
    with pytest.raises(WorkspaceManagementError, match="unknown"):
        roles.update(service_users={"bot": "king"})
    with pytest.raises(InvalidError, match="not found in workspace"):
        roles.update(users={"nobody": "viewer"})


def test_an_environment_is_restricted_and_opened_in_place(
    server: LocalModalServer, client: modal.Client
) -> None:
    modal.Environment.objects.create("later", client=client)
    environment_id = shown(server, "later").environment_id
    with pytest.raises(WorkspaceManagementError, match="not restricted"):
        modal.Environment.from_name("later", client=client).roles.update(users={"local": "viewer"})
    call(
        server,
        "EnvironmentSetManaged",
        api_pb2.EnvironmentSetManagedRequest(environment_id=environment_id, managed=True),
    )
    item = shown(server, "later")
    assert (item.is_managed, item.default_member_role) == (True, api_pb2.ENVIRONMENT_ROLE_VIEWER)
    call(
        server,
        "EnvironmentSetManaged",
        api_pb2.EnvironmentSetManagedRequest(environment_id=environment_id, managed=False),
    )
    assert not shown(server, "later").is_managed


def test_a_proxy_token_opens_a_restricted_environment_only_where_it_is_allowed(
    server: LocalModalServer, client: modal.Client, tmp_path: Path
) -> None:
    deployed(server, tmp_path, "walled")
    url = urls(client, "walled")[0]
    tokens = modal.Workspace.from_context(client=client).proxy_tokens
    made = tokens.create()
    headers = {"Modal-Key": made.token_id, "Modal-Secret": made.token_secret}
    assert httpx.get(url, headers=headers, timeout=DEADLINE_S).status_code == 200
    environment_id = shown(server, "walled").environment_id
    request = api_pb2.EnvironmentSetManagedRequest(environment_id=environment_id, managed=True)
    call(server, "EnvironmentSetManaged", request)
    assert httpx.get(url, headers=headers, timeout=DEADLINE_S).status_code == 401
    tokens.allow(made.token_id, "walled")
    assert httpx.get(url, headers=headers, timeout=DEADLINE_S).status_code == 200
    tokens.revoke(made.token_id, "walled")
    assert httpx.get(url, headers=headers, timeout=DEADLINE_S).status_code == 401


def test_a_deleted_environment_takes_dicts_queues_and_roles_along(
    server: LocalModalServer, client: modal.Client
) -> None:
    modal.Environment.objects.create("doomed", restricted=True, client=client)
    for kind in (modal.Dict, modal.Queue):
        kind.objects.create("kept", environment_name="doomed", client=client)
    modal.Environment.objects.delete("doomed", client=client)
    modal.Environment.objects.create("doomed", client=client)
    assert modal.Dict.objects.list(environment_name="doomed", client=client) == []
    assert not shown(server, "doomed").is_managed
