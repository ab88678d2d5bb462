"""Readiness and rollback of apps on a real local Modal."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_modal.gateway.port import CallOrder
from pulumi_modal.provider.app_drift import DRIFT
from pulumi_modal.provider.app_healthy import ROLLED_BACK
from pulumi_modal.provider.detailed import DetailedDiff
from pulumi_modal.provider.operation import PartialFailure
from tests.fakes.local_modal import LocalModalServer, local_modal
from tests.fakes.releases import Releases, releasing

CALL = {"call": "Model.predict", "args": [["a", "b"]], "deadline": 60, "interval": 0.1}
PROBE = {"path": "/health", "deadline": 60, "interval": 0.1}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("health")) as running:
        yield running


@pytest.fixture
def releases(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Releases]:
    with releasing(tmp_path, server, monkeypatch) as made:
        yield made


def test_an_app_is_ready_when_a_method_answers_as_expected(releases: Releases) -> None:
    probe = {**CALL, "kwargs": {"loud": True}, "expect": {"words": ["A", "B"]}, "successes": 2}
    outs = releases.create(probe=probe)
    assert outs["version"] == 1
    assert releases.told[-1] == "ready"
    assert any("(1 of 2 in a row)" in words for words in releases.told)
    assert (
        _answers(releases, ["a"], times=7, at_once=3)
        == [("", '{"said": "first", "words": ["a"]}')] * 7
    )
    assert _answers(releases, ["a"], expect={"words": ["c"]}) == [
        ('answered, but words[0] is "a", not "c"', '{"said": "first", "words": ["a"]}')
    ]
    assert _answers(releases, ["fail"]) == [("ValueError('no weights')", "")]
    ((not_plain, _),) = _answers(releases, ["odd"])
    assert "as cbor" in not_plain


def _answers(releases: Releases, words: list[str], **order: Any) -> list[tuple[str, str]]:
    """Failure and answer of each call."""
    asked = CallOrder(releases.app, "Model.predict", releases.folder, args=(words,), **order)
    return [(one.failure, one.answer) for one in releases.gateway.call(asked)]


def broken(releases: Releases, olds: dict[str, Any], **said: Any) -> PartialFailure:
    """What is left of an update to a version that is never ready."""
    with pytest.raises(PartialFailure) as caught:
        releases.update(olds, probe={**PROBE, "deadline": 3}, on_failure="rollback", **said)
    return caught.value


def test_a_version_that_is_not_ready_is_rolled_back_and_the_state_says_what_runs(
    releases: Releases,
) -> None:
    olds = releases.create(probe=PROBE)
    releases.write(said="second", health=503)
    failure = broken(releases, olds)
    (reason,) = failure.reasons
    assert "; rolled back to version 1, which serves as version 3 and is ready; its" in reason
    assert releases.version == failure.outs["version"] == 3
    assert failure.outs["digest"] == olds["digest"]
    assert httpx.get(f"{failure.outs['url']}/health", timeout=30).text == "first"

    found = releases.provider.read("x", failure.outs)
    assert found.inputs is not None
    assert DRIFT not in found.inputs
    assert found.inputs["digest"] == olds["digest"]
    assert found.outs == failure.outs

    again = releases.provider.diff("x", failure.outs, releases.inputs(probe=PROBE))
    assert isinstance(again, DetailedDiff)
    assert again.paths['digest.files["/root/llm.py"]'] == "update"

    second = broken(releases, failure.outs, strategy="recreate")
    assert "; rolled back to version 3, which serves as version 5 and is ready" in second.reasons[0]
    releases.write(said="third")
    mended = releases.update(second.outs, probe=PROBE)
    assert mended["version"] == 6
    assert ROLLED_BACK not in mended


@pytest.mark.parametrize(("strategy", "status"), [("rolling", 200), ("recreate", 500)])
def test_a_request_in_flight_ends_in_its_old_container_or_is_cut_off(
    releases: Releases, strategy: str, status: int
) -> None:
    releases.write(delay=4)
    olds = releases.create()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(httpx.get, olds["url"], timeout=60)
        releases.wait_for_log("first asked")
        releases.write(said="second")
        releases.update(olds, strategy=strategy)
        assert answer.result(60).status_code // 100 == status // 100
    assert httpx.get(olds["url"], timeout=60).text == "second"
