"""Canaries on a real local Modal: a new version takes over, or the old one serves on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.errors import CanaryWithdrawn
from pulumi_modal.provider.app_drift import DRIFT
from tests.fakes.local_modal import LocalModalServer, local_modal
from tests.fakes.releases import Releases, Visitor, releasing

PROBE = {"path": "/health", "deadline": 60, "interval": 0.1}
CANARY = {"path": "/", "requests": 60, "concurrency": 10, "max_p95_ratio": 3}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("canary")) as running:
        yield running


@pytest.fixture
def releases(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Releases]:
    with releasing(tmp_path, server, monkeypatch) as made:
        yield made


def apps(releases: Releases) -> list[str]:
    return list(releases.gateway.apps(releases.environment))


def withdrawn(releases: Releases, olds: dict[str, Any], **canary: Any) -> str:
    """What is said of a version that may not take over; the old one serves all the while."""
    visitor = Visitor(olds["url"])
    with visitor.visiting(), pytest.raises(CanaryWithdrawn) as caught:
        releases.update(olds, probe=PROBE, canary={**CANARY, **canary})
    assert set(visitor.statuses) == {200}
    assert set(visitor.bodies) == {"first"}
    assert visitor.failures == []
    assert releases.version == 1
    assert apps(releases) == ["llm"]
    return str(caught.value)


def test_a_good_version_takes_over_and_nobody_notices(releases: Releases) -> None:
    releases.write(delay=0.05)
    olds = releases.create(probe=PROBE, canary=CANARY)
    assert not any("canary" in words for words in releases.told)  # nothing to compare with
    releases.write(said="second", delay=0.05)
    visitor = Visitor(olds["url"])
    with visitor.visiting():
        outs = releases.update(olds, probe=PROBE, canary=CANARY)
    assert (outs["app_id"], outs["version"]) == (olds["app_id"], 2)
    assert set(visitor.statuses) == {200}
    assert visitor.failures == []
    assert visitor.bodies == sorted(visitor.bodies)  # first, then second, and never back
    assert apps(releases) == ["llm"]
    (note,) = releases.noted
    assert note.startswith(f"canary of {releases.app} takes over: new: 60 answers, 0 % failed, p95")
    releases.told.clear()
    releases.update(outs, probe={**PROBE, "timeout": 20}, canary=CANARY)
    assert not any("canary" in words for words in releases.told)  # nothing new to try


def test_a_version_that_fails_is_withdrawn_and_the_old_one_serves(releases: Releases) -> None:
    olds = releases.create(probe=PROBE)
    releases.write(said="second", status=500)
    said = withdrawn(releases, olds)
    assert said.startswith(
        f"{releases.app}: canary withdrawn, version 1 serves on: 100 % of its answers failed"
        " (1 % may), the first with 500 second (new: 60 answers, 100 % failed, no good answer;"
        " old: 60 answers, 0 % failed, p95 "
    )
    assert "| second asked (" in said


def test_a_version_that_is_slower_is_withdrawn(releases: Releases) -> None:
    olds = releases.create(probe=PROBE)
    releases.write(said="second", delay=1.1)
    said = withdrawn(releases, olds, max_p95="1s", concurrency=20)
    assert " serves on: its p95 is " in said
    assert "(1.00 s may be)" in said


def test_calls_are_compared_where_the_canary_calls(releases: Releases) -> None:
    olds = releases.create(probe=PROBE)
    releases.write(said="second")
    canary = {"call": "Model.predict", "args": [["a"]], "expect": {"said": "first"}, "requests": 60}
    with pytest.raises(CanaryWithdrawn) as caught:
        releases.update(olds, probe=PROBE, canary=canary)
    assert 'the first with answered, but said is "second", not "first" (new: 60 ans' in str(
        caught.value
    )
    assert releases.version == 1


def test_what_a_killed_update_has_left_is_told_by_a_refresh_and_stopped(
    releases: Releases,
) -> None:
    olds = releases.create(probe=PROBE, canary=CANARY)
    releases.leave_a_canary()
    assert apps(releases) == ["llm", "llm-canary"]
    found = releases.provider.read("x", olds)
    assert found.inputs is not None
    assert found.inputs[DRIFT]["canary"]["what"] == "left by an `up` that was cut off"
    assert found.outs is not None
    outs = releases.update(found.outs, probe=PROBE, canary=CANARY)
    assert apps(releases) == ["llm"]
    assert outs["version"] == 1
    assert releases.provider.read("x", outs).inputs == releases.inputs(probe=PROBE, canary=CANARY)
    releases.leave_a_canary()
    releases.provider.delete("x", outs)
    assert apps(releases) == []
