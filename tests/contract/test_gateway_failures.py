"""How a real gateway fails: in one line, in time, without the token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pulumi_modal.errors import (
    BindingError,
    DeployFailed,
    ModalStackError,
    SourceError,
    Unauthenticated,
    Unavailable,
)
from pulumi_modal.gateway import connect as connecting
from pulumi_modal.gateway.connect import connect
from pulumi_modal.gateway.credentials import local_credentials
from pulumi_modal.gateway.port import AppRef, SecretNeed
from pulumi_modal.gateway.sdk import ModalGateway
from tests.fakes.worlds import LocalWorld, a_new_environment, an_order, local_world, silent

ANSWER = """
@app.function()
def answer():
    return 1
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorld]:
    with local_world(tmp_path_factory.mktemp("failures")) as real:
        yield real


@pytest.fixture
def no_gateway_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a provider process that has just started."""
    monkeypatch.setattr(connecting, "_OPEN", {})


def said(error: ModalStackError, world: LocalWorld) -> str:
    """What the error says: one line, and no token."""
    text = str(error)
    assert "\n" not in text
    assert local_credentials(world.server.home).token_secret not in text
    return text


def with_token(world: LocalWorld, token_secret: str) -> ModalGateway:
    known = local_credentials(world.server.home)
    return ModalGateway(replace(known, token_secret=token_secret))


def test_a_wrong_token_is_told_with_the_cure(world: LocalWorld) -> None:
    gateway = with_token(world, "as-wrong")
    try:
        with pytest.raises(Unauthenticated) as caught:
            gateway.workspace()
        assert said(caught.value, world).startswith("asking for the workspace: ")
        assert "as-wrong" not in str(caught.value)
    finally:
        gateway.close()


ASKED: dict[str, Callable[[ModalGateway], object]] = {
    "listing environments: ": lambda gateway: gateway.environments(),
    "looking up e/a: ": lambda gateway: gateway.find(AppRef("e", "a")),
    "secret s in e: ": lambda gateway: gateway.missing([SecretNeed("s", "e")]),
    "stopping ap-1: ": lambda gateway: gateway.stop("ap-1"),
}


def test_a_server_that_is_down_is_unavailable_and_comes_back(world: LocalWorld) -> None:
    told = {}
    world.server.stop()
    try:
        for begins, ask in ASKED.items():
            with pytest.raises(Unavailable) as caught:
                ask(world.opened)
            told[begins] = said(caught.value, world)
    finally:
        world.server.start()
    assert [begins for begins, text in told.items() if not text.startswith(begins)] == []
    assert all(text.endswith("; is Modal reachable? try again") for text in told.values())
    assert world.opened.workspace() == "local"


def test_a_server_that_hangs_is_unavailable_in_time(
    world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pulumi_modal.gateway.wire.CALL_DEADLINE_S", 0.5)
    server = psutil.Process(world.server.pid)
    server.suspend()
    try:
        with pytest.raises(Unavailable, match=r"listing environments: no answer within 0\.5 s; is"):
            world.opened.environments()
    finally:
        server.resume()
    assert "main" in world.opened.environments()


def test_a_deploy_that_waits_for_modal_ends_at_its_deadline(
    world: LocalWorld, tmp_path: Path
) -> None:
    environment = a_new_environment(world)
    server = psutil.Process(world.server.pid)
    server.suspend()
    try:
        with pytest.raises(DeployFailed) as caught:
            world.gateway.deploy(an_order(tmp_path, ANSWER, environment, deadline_s=2), silent)
    finally:
        server.resume()
    text = said(caught.value, world)
    assert text.startswith(f"app.py: the deploy of {environment}/app did not end within 2 s; ")
    assert "custom_timeouts" in text
    assert "import" not in text
    assert "top level" not in text
    assert world.gateway.find(AppRef(environment, "app")) is None


def test_a_failed_image_build_is_told_with_its_last_words(
    world: LocalWorld, tmp_path: Path
) -> None:
    body = """
    image = modal.Image.debian_slim().dockerfile_commands("COPY lonely")

    @app.function(image=image)
    def answer():
        return 1
    """
    told: list[str] = []
    order = an_order(tmp_path, body, a_new_environment(world))
    with pytest.raises(DeployFailed) as caught:
        world.gateway.deploy(order, told.append)
    text = said(caught.value, world)
    assert f"deploying {order.request.environment}/app: Image build for im-" in text
    assert "; the build printed last: " in text
    assert "source and a target" in text
    assert any(words.startswith("building image") for words in told)


def test_a_file_that_is_missing_for_the_image_is_no_matter_of_the_network(
    world: LocalWorld, tmp_path: Path
) -> None:
    body = """
    @app.function(image=modal.Image.debian_slim().add_local_file("no-such.txt", "/no-such.txt"))
    def answer():
        return 1
    """
    with pytest.raises(DeployFailed) as caught:
        world.gateway.deploy(an_order(tmp_path, body, a_new_environment(world)), silent)
    assert "no-such.txt does not exist" in said(caught.value, world)
    assert "reachable" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(
            "import os; raise RuntimeError(os.environ['MODAL_TOKEN_SECRET'])",
            SourceError,
            id="raised",
        ),
        pytest.param(
            "import os; print(os.environ['MODAL_TOKEN_SECRET'], flush=True); os._exit(1)",
            DeployFailed,
            id="printed",
        ),
    ],
)
def test_a_file_cannot_bring_the_token_into_an_error(
    world: LocalWorld, tmp_path: Path, body: str, kind: type[ModalStackError]
) -> None:
    with pytest.raises(kind) as caught:
        world.gateway.deploy(an_order(tmp_path, body, a_new_environment(world)), silent)
    assert "(secret)" in said(caught.value, world)
    assert caught.value.__cause__ is None


def test_many_threads_share_a_gateway(world: LocalWorld, tmp_path: Path) -> None:
    environment = a_new_environment(world)
    names = [f"app-{number}" for number in range(8)]
    orders = [an_order(tmp_path, ANSWER, environment, name) for name in names]
    with ThreadPoolExecutor(len(orders)) as pool:
        done = list(pool.map(lambda order: world.gateway.deploy(order, silent), orders))
        found = list(pool.map(lambda name: world.gateway.find(AppRef(environment, name)), names))
    ids = [one.app_id for one in done]
    assert [one.app_id for one in found if one] == ids
    assert len(set(ids)) == len(names)


def test_what_modal_warns_of_is_kept(world: LocalWorld, tmp_path: Path) -> None:
    body = """
    @app.function()
    @modal.asgi_app(label="contested")
    def web():
        return None
    """
    environment = a_new_environment(world)
    first, second = (
        world.gateway.deploy(an_order(tmp_path, body, environment, name), silent)
        for name in ("first", "second")
    )
    assert first.warnings == ()
    (sentence,) = second.warnings
    assert "contested" in sentence
    assert "first" in sentence


@pytest.mark.usefixtures("no_gateway_yet")
def test_threads_that_connect_at_once_share_one_connection(
    world: LocalWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODAL_LOCAL_HOME", str(world.server.home))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: connect("local", "dev", tmp_path), range(16)))
    assert len({id(one) for one in found}) == 1
    assert isinstance(found[0], ModalGateway)
    found[0].close()


@pytest.mark.usefixtures("no_gateway_yet")
def test_a_local_modal_that_is_down_is_told_at_once_and_tried_again(
    world: LocalWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODAL_LOCAL_HOME", str(world.server.home))
    world.server.stop()
    try:
        with pytest.raises(Unavailable) as caught:
            connect("local", "dev", tmp_path)
    finally:
        world.server.start()
    assert said(caught.value, world).endswith("start it with `pulumi-modal local start`")
    opened = connect("local", "dev", tmp_path)
    assert opened.workspace() == "local"
    assert isinstance(opened, ModalGateway)
    opened.close()


@pytest.mark.usefixtures("no_gateway_yet")
def test_another_workspace_than_that_of_the_credentials_is_refused(
    world: LocalWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in world.server.access.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BindingError) as caught:
        connect("acme", "dev", tmp_path)
    assert said(caught.value, world).startswith(
        "the stack is bound to the Modal workspace acme, but the credentials reach local: "
    )
    assert connecting._OPEN == {}


@pytest.mark.usefixtures("no_gateway_yet")
def test_another_environment_than_that_of_the_credentials_is_refused_unasked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MODAL_ENVIRONMENT", "prod")
    monkeypatch.setenv("MODAL_LOCAL_HOME", str(tmp_path / "nothing"))
    with pytest.raises(BindingError, match="MODAL_ENVIRONMENT says prod: select the stack of prod"):
        connect("local", "dev", tmp_path)
