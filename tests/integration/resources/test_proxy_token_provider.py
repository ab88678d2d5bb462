"""`ProxyToken` over a real local Modal: every operation, and who sees its secret."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from modal_proto import api_pb2

from pulumi_modal.errors import NotFound, Refused, Unavailable
from pulumi_modal.gateway import proxy_tokens as wire
from pulumi_modal.provider.proxy_token import ProxyTokenProvider
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.operations import Managed
from tests.fakes.places import a_place

_numbers = itertools.count(1)


@pytest.fixture
def environment(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    with a_place(server, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def said() -> dict[str, Any]:
    return {"name": f"hooks-{next(_numbers)}", "workspace": "local"}


def tokens(server: LocalModalServer, name: str) -> list[str]:
    """Ids of the tokens of this name."""
    from google.protobuf.empty_pb2 import Empty
    from modal._utils.async_utils import synchronizer

    async def listed(client: Any) -> api_pb2.WebhookTokenListResponse:
        answer: api_pb2.WebhookTokenListResponse = await client._stub.WebhookTokenList(Empty())
        return answer

    with server.client() as client:
        answer = synchronizer.create_blocking(listed)(client)
    return [one.token_id for one in answer.tokens if one.name == name]


def told(answer: Any) -> Any:
    """What a call answers, or raises."""
    if isinstance(answer, Exception):
        raise answer
    return answer


def without_secret(outs: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Outputs as the engine hands them back, and the secret that it keeps encrypted."""
    secret = outs["token_secret"]["value"]
    return {**outs, "token_secret": secret}, secret


@pytest.mark.usefixtures("environment")
def test_the_secret_of_a_token_is_kept_as_a_secret_and_the_token_is_revoked(
    server: LocalModalServer, said: dict[str, Any]
) -> None:
    token = Managed(ProxyTokenProvider())
    outs, secret = without_secret(token.up(**said))
    assert secret.startswith("ws-")
    assert token.id == outs["token_id"]
    assert tokens(server, said["name"]) == [token.id]
    assert secret not in str(token.said)
    token.destroy()
    assert tokens(server, said["name"]) == []
    ProxyTokenProvider().delete("x", outs)  # gone already


def test_a_token_is_renamed_allowed_and_revoked_and_keeps_its_secret(
    server: LocalModalServer, environment: str, said: dict[str, Any]
) -> None:
    token = Managed(ProxyTokenProvider())
    token.outs, secret = without_secret(token.up(**said, environments=["main", environment]))
    assert token.refresh()
    assert token.inputs == {**said, "environments": sorted([environment, "main"])}
    token.outs, _ = without_secret(token.outs)

    renamed = {**said, "name": f"{said['name']}-renamed", "environments": ["main"]}
    outs, kept = without_secret(token.up(**renamed))
    assert (outs["token_id"], kept) == (token.id, secret)
    assert tokens(server, renamed["name"]) == [token.id]
    token.outs = outs
    inputs = token.inputs
    assert token.refresh()
    assert token.inputs == inputs
    assert without_secret(token.outs)[1] == secret


@pytest.mark.usefixtures("environment")
def test_an_environment_that_is_not_there_leaves_no_token(
    server: LocalModalServer, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="there is no environment nowhere to allow it in"):
        Managed(ProxyTokenProvider()).up(**said, environments=["nowhere"])
    monkeypatch.setattr(wire.WireProxyTokens, "missing", lambda *_: ())  # it goes meanwhile
    with pytest.raises(Exception, match="there is no such environment"):
        Managed(ProxyTokenProvider()).up(**said, environments=["nowhere"])
    assert tokens(server, said["name"]) == []


@pytest.mark.usefixtures("environment")
def test_what_fails_after_a_token_was_made_loses_no_credential(
    server: LocalModalServer, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = [(), Unavailable("listing proxy tokens: no answer")]
    with monkeypatch.context() as broken:
        broken.setattr(wire.WireProxyTokens, "all", lambda _: told(answers.pop(0)))
        outs, secret = without_secret(Managed(ProxyTokenProvider()).up(**said))
    assert tokens(server, said["name"]) == [outs["token_id"]]
    assert secret.startswith("ws-")

    other = {**said, "name": f"{said['name']}-other"}
    no_answer = Unavailable("no answer")
    monkeypatch.setattr(wire.WireProxyTokens, "missing", lambda *_: ())  # it goes meanwhile
    monkeypatch.setattr(wire.WireProxyTokens, "delete", lambda *_: told(no_answer))
    token = Managed(ProxyTokenProvider())
    with pytest.raises(NotFound, match="there is no such environment"):
        token.up(**other, environments=["nowhere"])
    (left,) = tokens(server, other["name"])
    (warning,) = token.said
    assert warning.startswith(f"{left}: was made, and could not be revoked (no answer); ")
    assert warning.endswith(f"`modal workspace proxy-tokens delete {left}`")


@pytest.mark.usefixtures("environment")
def test_a_token_that_a_lost_create_left_is_told(said: dict[str, Any]) -> None:
    Managed(ProxyTokenProvider()).up(**said)
    again = Managed(ProxyTokenProvider())
    again.up(**said)
    assert "there is one of this name already (wk-" in again.said[0]


@pytest.mark.usefixtures("environment")
def test_an_import_has_no_secret_and_one_that_is_gone_reads_as_gone(said: dict[str, Any]) -> None:
    made = Managed(ProxyTokenProvider())
    made.outs, _ = without_secret(made.up(**said))
    taken = Managed(ProxyTokenProvider())
    taken.take(made.id)
    assert taken.inputs == said
    assert without_secret(taken.outs)[1] == ""
    assert "does not show its secret again" in taken.said[-1]
    made.destroy()
    assert not taken.refresh()


@pytest.mark.usefixtures("environment")
def test_at_preview_a_change_keeps_the_credentials(said: dict[str, Any]) -> None:
    token = Managed(ProxyTokenProvider())
    token.outs, secret = without_secret(token.up(**said))
    predicted = ProxyTokenProvider().predict(token.outs, {**said, "name": "other"})
    assert without_secret(predicted)[1] == secret
    assert predicted["token_id"] == token.id
    assert token.replaces(**{**said, "name": "other"}) == []
    assert token.replaces(**{**said, "workspace": "acme"}) == ["workspace"]


def test_what_is_wrong_is_told() -> None:
    refusals = Managed(ProxyTokenProvider()).refusals(
        name="", workspace="local", environments=["en-1"]
    )
    assert set(refusals) == {"name", "environments[0]"}
