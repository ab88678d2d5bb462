"""Properties of stack parsing: any JSON is a stack or refusals, and every path is in the input."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.probe import Probe
from pulumi_modal.spec.service_reader import SERVICE_WORDS
from pulumi_modal.spec.stack import parse_stack
from pulumi_modal.spec.vocabulary import IN_CODE, METHODS, OLD_WORDS, ON_METHODS
from tests.fakes.stacks import SOURCE, a_project

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
PLAUSIBLE = st.sampled_from(
    ["H100", "h100:2", "16Gi", "5m", "eu", "a-name", "/path", SOURCE, 0, 1, 2, 4096, True, [1, 2]]
)
VALUES = PLAUSIBLE | JSON
WORDS = (
    *FunctionOverrides.model_fields,
    *OLD_WORDS,
    *IN_CODE,
    "label",
    "max_retries",
    "A",
    "A_KEY",
)
MAPS = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=4)
METHOD_MAPS = st.dictionaries(
    st.sampled_from(["m", "n"]),
    st.dictionaries(st.sampled_from([*ON_METHODS, "gpu"]), VALUES, max_size=3) | VALUES,
    max_size=2,
)
NAMES = st.sampled_from(["a", "F", "F.m", "a b", "t4", ""])


def of(*words: str, values: st.SearchStrategy[Any] = VALUES) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(words), values, max_size=4)


OVERRIDES = of(*WORDS, values=VALUES | MAPS) | st.fixed_dictionaries(
    {METHODS: METHOD_MAPS | VALUES}, optional=dict.fromkeys(OLD_WORDS, VALUES)
)
FUNCTIONS = st.dictionaries(NAMES, OVERRIDES | VALUES, max_size=2)
SERVICES = st.fixed_dictionaries(
    {"source": st.just(SOURCE) | VALUES},
    optional={
        **{word: VALUES for word in (*SERVICE_WORDS, *WORDS) if word != "source"},
        "probe": of(*Probe.model_fields) | VALUES,
        "functions": FUNCTIONS | VALUES,
        "variants": FUNCTIONS | VALUES,
    },
)
STACKS = st.fixed_dictionaries(
    {
        "environment": st.just("dev") | VALUES,
        "services": st.dictionaries(NAMES, SERVICES | VALUES, max_size=2) | VALUES,
    },
    optional={"workspace": VALUES, "other": VALUES},
)
STEP = re.compile(r'\.?([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')
many = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_project(tmp_path_factory.mktemp("project"))


def stands(path: str, raw: Any) -> bool:
    """Whether there is something at the path."""
    at = 0
    while at < len(path):
        found = STEP.match(path, at)
        if not found:
            return False
        at = found.end()
        key, index, quoted = found.groups()
        if index is not None:
            if not isinstance(raw, (list, tuple)) or int(index) >= len(raw):
                return False
            raw = raw[int(index)]
            continue
        name = json.loads(quoted) if quoted else key
        if not isinstance(raw, dict) or name not in raw:
            return False
        raw = raw[name]
    return True


@many
@given(raw=JSON)
def test_any_json_is_a_stack_or_refused(root: Path, raw: Any) -> None:
    parsed = parse_stack(raw, root)
    assert (parsed.stack is None) == bool(parsed.errors)


@many
@given(raw=STACKS)
def test_every_problem_is_one_line_about_a_place_in_the_input(root: Path, raw: Any) -> None:
    parsed = parse_stack(raw, root)
    assert (parsed.stack is None) == bool(parsed.errors)
    for problem in parsed.problems:
        assert stands(problem.path, raw), problem
        assert "\n" not in problem.line()


@many
@given(raw=STACKS)
def test_reading_a_canonical_stack_changes_nothing(root: Path, raw: Any) -> None:
    stack = parse_stack(raw, root).stack
    if stack is None:
        return
    canonical = json.loads(json.dumps(stack.canonical()))
    again = parse_stack(canonical, root)
    assert again.errors == ()
    assert again.stack == stack
    assert again.stack.canonical() == canonical


@many
@given(raw=MAPS)
def test_settings_read_from_their_canonical_form_are_the_same(raw: Any) -> None:
    found, _ = FunctionOverrides.parse(raw, "f")
    if found is None:
        return
    again, problems = FunctionOverrides.parse(found.settings(), "f")
    assert again == found
    assert not any(problem.is_error for problem in problems)
