"""Properties of stack parsing: what is sound is read, and every fault is told at its place."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.probe import Probe
from pulumi_modal.spec.problem import join
from pulumi_modal.spec.service_reader import SERVICE_WORDS
from pulumi_modal.spec.stack import parse_stack
from pulumi_modal.spec.vocabulary import IN_CODE, METHODS, OLD_WORDS, ON_METHODS
from tests.fakes import written_stacks
from tests.fakes.stacks import SOURCE, a_project, a_stack

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
    max_examples=100,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_project(tmp_path_factory.mktemp("project"))


sound = settings(many, max_examples=40)


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
@example(raw={"[key]": None})  # how pydantic marks an error in a key
@example(raw={"services": {"a": {"source": SOURCE, "env": {"[key]": "x"}, "[key]": 1}}})
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


@sound
@given(raw=written_stacks.STACKS)
def test_reading_a_canonical_stack_changes_nothing(root: Path, raw: Any) -> None:
    parsed = parse_stack(raw, root)
    assert parsed.errors == ()
    assert parsed.stack is not None
    canonical = json.loads(json.dumps(parsed.stack.canonical()))
    again = parse_stack(canonical, root)
    assert again.errors == ()
    assert again.stack == parsed.stack
    assert again.stack.canonical() == canonical


@sound
@given(raw=written_stacks.STACKS)
def test_a_variant_is_what_the_service_would_be_with_its_settings(root: Path, raw: Any) -> None:
    stack = parse_stack(raw, root).stack
    assert stack is not None
    for name, service in stack.services.items():
        for variant, spec in service.deployments().items():
            assert spec.app_name == (f"{name}-{variant}" if variant else name)
            alone = spec.canonical() | {"name": spec.app_name}
            assert parse_stack(a_stack(alone=alone), root).errors == ()


def places(raw: Any) -> list[tuple[dict[str, Any], str, str]]:
    """Every map of settings in a stack: the map, the key to spoil, and its path."""
    found = []
    for name, service in raw["services"].items():
        path = f"services.{name}"
        maps = {path: service}
        for word in ("functions", "variants"):
            maps |= {join(path, word, key): one for key, one in service.get(word, {}).items()}
        found += [
            (settings, key, join(at, key))
            for at, settings in maps.items()
            for key in settings
            if key in FunctionOverrides.model_fields or key in ("app", "strategy", "tag", "probe")
        ]
    return found


@sound
@given(raw=written_stacks.STACKS, chance=st.randoms(use_true_random=False))
def test_every_planted_fault_is_told_at_its_place_and_nothing_else(
    root: Path, raw: Any, chance: Random
) -> None:
    spoiled = copy.deepcopy(raw)
    candidates = places(spoiled)
    planted = chance.sample(candidates, min(len(candidates), 3))
    for there, key, _ in planted:
        there[key] = "?\n?"
    parsed = parse_stack(spoiled, root)
    assert sorted({problem.path for problem in parsed.errors}) == sorted(
        path for _, _, path in planted
    )
