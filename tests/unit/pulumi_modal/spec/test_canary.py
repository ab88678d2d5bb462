"""A canary asks its own question or the probe's, and is refused where it could not be asked."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.spec.canary import Canary, parse_canary
from pulumi_modal.spec.probe import Probe
from tests.fakes.stacks import lines

LIMITS = {
    "requests": 100,
    "concurrency": 4,
    "max_error_rate": 0.01,
    "max_p95_ratio": 1.5,
    "timeout": 30,
    "deadline": 300,
}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(True, LIMITS, id="all defaults"),
        pytest.param(
            {"path": "/embed", "body": {"a": []}, "max_p95": "800ms"},
            {"path": "/embed", "body": {"a": []}, "max_p95": 0.8, **LIMITS},
            id="a request",
        ),
        pytest.param(
            {"call": "f", "expect": 0, "requests": 70},
            {**LIMITS, "call": "f", "expect": 0, "requests": 70},
            id="a call",
        ),
    ],
)
def test_the_settings_of_a_canary_are_read_as_the_same_canary(raw: Any, said: Any) -> None:
    canary, problems = parse_canary(raw, "canary")
    assert problems == []
    assert canary is not None
    assert canary.settings() == said
    assert parse_canary(said, "canary") == (canary, [])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param({"call": "f", "body": 1}, "canary.body: belongs to a question to", id="both"),
        pytest.param({"args": [1]}, "canary.args: belongs to a call", id="no call"),
        pytest.param(
            {"body": 1, "status": 201},
            "canary: says body, status without `path`: name the path that is asked",
            id="no path",
        ),
        pytest.param({"requests": 3}, "canary.requests: 3 is below 60", id="too few"),
        pytest.param(
            {"max_p95_ratoi": 3}, "is not a known key; did you mean max_p95_ratio?", id="misspelt"
        ),
        pytest.param({"max_error_rate": 5}, "5 is out of range", id="not a share"),
        pytest.param("yes", 'canary: "yes" is not a map', id="no map"),
    ],
)
def test_what_a_canary_cannot_be_is_told_with_its_place(raw: Any, said: str) -> None:
    canary, problems = parse_canary(raw, "canary")
    assert canary is None
    assert any(said in line for line in lines(problems))


PROBE = Probe.model_validate({"path": "/health", "contains": "ok", "function": "web"})


@pytest.mark.parametrize(
    ("canary", "probe", "asked"),
    [
        pytest.param({}, PROBE, PROBE, id="what the probe asks"),
        pytest.param(
            {"path": "/embed", "status": 201, "timeout": 5},
            PROBE,
            Probe.model_validate(
                {"path": "/embed", "status": 201, "function": "web", "timeout": 5}
            ),
            id="another path of the same URL",
        ),
        pytest.param(
            {"call": "f", "args": [1]},
            PROBE,
            Probe.model_validate({"call": "f", "args": [1], "timeout": 30}),
            id="a call",
        ),
        pytest.param(
            {"path": "/", "function": "other"},
            Probe.model_validate({"call": "f"}),
            Probe.model_validate({"path": "/", "function": "other", "timeout": 30}),
            id="a URL where the probe calls",
        ),
    ],
)
def test_what_both_versions_are_asked(canary: dict[str, Any], probe: Probe, asked: Probe) -> None:
    assert Canary.model_validate(canary).question(probe) == asked
