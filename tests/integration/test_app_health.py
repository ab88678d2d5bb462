"""Readiness of apps on a real local Modal: functions that are called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.gateway import connect as connecting
from pulumi_modal.gateway.port import CallOrder
from pulumi_modal.gateway.sdk import ModalGateway
from pulumi_modal.provider.operation import PartialFailure
from tests.fakes.local_modal import LocalModalServer, local_modal
from tests.fakes.releases import Releases, releases_in

CALL = {"call": "Model.predict", "args": [["a", "b"]], "deadline": 60, "interval": 0.1}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("health")) as running:
        yield running


@pytest.fixture
def releases(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Releases]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODAL_LOCAL_HOME", str(server.home))
    monkeypatch.delenv("MODAL_ENVIRONMENT", raising=False)
    monkeypatch.setattr(connecting, "_OPEN", {})
    gateway = connecting.connect("local", "main", tmp_path)
    assert isinstance(gateway, ModalGateway)
    yield releases_in(tmp_path, server, gateway)
    gateway.close()


def failure_of(releases: Releases, **said: Any) -> str:
    with pytest.raises(PartialFailure) as caught:
        releases.create(**said)
    (reason,) = caught.value.reasons
    return reason


def test_an_app_is_ready_when_a_method_answers_as_expected(releases: Releases) -> None:
    probe = {**CALL, "kwargs": {"loud": True}, "expect": {"words": ["A", "B"]}, "successes": 2}
    outs = releases.create(probe=probe)
    assert outs["version"] == 1
    assert releases.told[-1] == "ready"
    assert any("(1 of 2 in a row)" in words for words in releases.told)


def test_an_answer_that_is_not_expected_is_told_with_the_place(releases: Releases) -> None:
    probe = {**CALL, "expect": {"words": ["a", "c"]}, "deadline": 4}
    reason = failure_of(releases, probe=probe)
    assert reason.startswith(
        f"Model.predict() of {releases.app} was not answered with"
        ' {"words": ["a", "c"]} within 4 s; last answer: answered, but words[1] is "b", not "c"'
    )


def test_what_a_function_raises_is_told_in_its_words(releases: Releases) -> None:
    releases.write(body="raise ValueError('no weights')")
    reason = failure_of(releases, probe={**CALL, "deadline": 4})
    assert "last answer: ValueError('no weights')" in reason


def test_an_answer_that_is_not_plain_data_is_no_answer(releases: Releases) -> None:
    releases.write(body="return __import__('fractions').Fraction, self")
    reason = failure_of(releases, probe={**CALL, "deadline": 4})
    assert "last answer: " in reason
    assert "as cbor" in reason


def test_many_calls_are_made_at_once_and_each_is_timed(releases: Releases) -> None:
    releases.create()
    order = CallOrder(
        releases.app, "Model.predict", releases.folder, args=(["a"],), times=7, at_once=3
    )
    found = releases.gateway.call(order)
    assert [one.failure for one in found] == [""] * 7
    assert all(one.seconds > 0 for one in found)
    assert found[0].answer == '{"said": "first", "words": ["a"]}'
