"""A probe asks a URL or calls a function, says so in full, and refuses what it cannot ask."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.spec.plan import PlannedFunction
from pulumi_modal.spec.probe import Probe, parse_probe, uncallable_problems
from tests.fakes.stacks import lines

FUNCTIONS = {
    "embed": PlannedFunction(kind="function", effective={}),
    "web": PlannedFunction(kind="function", effective={}, web=True),
    "Model": PlannedFunction(kind="class", effective={}, methods=("predict", "train")),
    "Server": PlannedFunction(kind="server", effective={}),
}
TIMES = {"successes": 1, "deadline": 120, "interval": 1, "timeout": 30}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(True, {"path": "/health", "status": 200, **TIMES}, id="all defaults"),
        pytest.param({"call": "f"}, {"call": "f", **TIMES}, id="a call says nothing of a URL"),
        pytest.param(
            {"call": "M.f", "args": [1, None], "kwargs": {"a": [2]}, "expect": []},
            {"call": "M.f", "args": [1, None], "kwargs": {"a": [2]}, "expect": [], **TIMES},
            id="a call with an input and an empty answer",
        ),
        pytest.param(
            {"call": "f", "expect": False}, {"call": "f", "expect": False, **TIMES}, id="false"
        ),
    ],
)
def test_the_settings_of_a_probe_are_read_as_the_same_probe(raw: Any, said: Any) -> None:
    probe, problems = parse_probe(raw, "probe")
    assert problems == []
    assert probe is not None
    assert probe.settings() == said
    assert parse_probe(said, "probe") == (probe, [])
    assert Probe.model_validate(said) == probe


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(
            {"call": "f", "path": "/"},
            "probe.path: belongs to a question to a URL; `call` is there, take one out",
            id="both",
        ),
        pytest.param(
            {"expect": 1},
            "probe.expect: belongs to a call: say in `call` which function it is for",
            id="an answer to nothing",
        ),
        pytest.param(
            {"call": "f", "args": "x"},
            'probe.args: "x" is not a list of values; allowed: a list of values',
            id="an input that is no list",
        ),
        pytest.param(
            {"call": "f", "expect": "x" * 20_000},
            "is longer than 16384 bytes; allowed: a text, number, true, false, list or map",
            id="too long",
        ),
        pytest.param(
            {"call": "f()"},
            'probe.call: "f()" is not accepted by Modal; allowed: the name of a function, or'
            " Class.method, in the source; did you mean f?",
            id="with brackets",
        ),
        pytest.param({"successes": 0}, "probe.successes: 0 is below 1", id="no success"),
    ],
)
def test_what_a_probe_cannot_be_is_told_with_its_place(raw: Any, said: str) -> None:
    probe, problems = parse_probe(raw, "probe")
    assert probe is None
    (line,) = lines(problems)
    assert said in line


@pytest.mark.parametrize(
    ("call", "said"),
    [
        pytest.param(None, "", id="no call"),
        pytest.param("embed", "", id="a function"),
        pytest.param("Model.predict", "", id="a method"),
        pytest.param(
            "Model.predct",
            '"Model.predct" is nothing that the source lets one call; allowed: Model.predict,'
            " Model.train, embed; did you mean Model.predict?",
            id="misspelt",
        ),
        pytest.param("Model", "is a class: say which of its methods is called", id="a class"),
        pytest.param("web", "has a URL, and is not called: ask its `path`", id="a URL"),
        pytest.param("Server", "is a server, and is not called: ask its `path`", id="a server"),
    ],
)
def test_a_call_must_name_what_can_be_called(call: str | None, said: str) -> None:
    problems = uncallable_problems(call, FUNCTIONS, "probe.call")
    assert [problem.path for problem in problems] == (["probe.call"] if said else [])
    assert said in " ".join(lines(problems))
