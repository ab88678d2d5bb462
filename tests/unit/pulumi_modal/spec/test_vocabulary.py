"""Old words: translated, explained in one warning each, never passed on."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.spec.overrides import FunctionOverrides
from tests.fakes.stacks import lines, paths


def parse(settings: dict[str, Any]) -> tuple[FunctionOverrides | None, list[str], list[str]]:
    found, problems = FunctionOverrides.parse(settings, "f")
    return found, lines(problems), [one.line() for one in problems if not one.is_error]


@pytest.mark.parametrize(
    ("old", "new", "value", "canonical"),
    [
        ("concurrency_limit", "max_containers", 64, 64),
        ("keep_warm", "min_containers", 2, 2),
        ("container_idle_timeout", "scaledown_window", "5m", 300),
        ("allow_concurrent_inputs", "max_inputs", 8, 8),
    ],
)
def test_an_old_word_becomes_todays_with_one_warning(
    old: str, new: str, value: object, canonical: int
) -> None:
    found, errors, warnings = parse({old: value})
    assert errors == []
    assert found is not None
    assert found.settings() == {new: canonical}
    (warning,) = warnings
    assert warning.startswith(f"f.{old}: ")
    assert f"became {new}" in warning


@pytest.mark.parametrize(
    ("word", "new"),
    [("concurrency_limit", "max_inputs"), ("timeout", "timeout"), ("keep_warm", "min_containers")],
)
def test_a_word_under_a_method_becomes_a_setting_of_the_class(word: str, new: str) -> None:
    found, errors, (warning,) = parse({"methods": {"generate": {word: 4}}})
    assert errors == []
    assert found is not None
    assert found.settings() == {new: 4}
    assert warning.startswith(f"f.methods.generate.{word}: ")


def test_the_limit_of_a_class_and_of_its_method_are_different_things() -> None:
    found, _, _ = parse({"concurrency_limit": 3, "methods": {"m": {"concurrency_limit": 4}}})
    assert found is not None
    assert found.settings() == {"max_containers": 3, "max_inputs": 4}


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"keep_warm": 1, "min_containers": 1}, id="old-and-new"),
        pytest.param(
            {"methods": {"a": {"concurrency_limit": 4}, "b": {"concurrency_limit": 4}}},
            id="two-methods",
        ),
    ],
)
def test_saying_one_thing_twice_is_refused(settings: dict[str, Any]) -> None:
    found, errors, _ = parse(settings)
    assert found is None
    (line,) = errors
    assert "keep one of them" in line


def test_a_bad_value_is_reported_where_it_was_written() -> None:
    _, problems = FunctionOverrides.parse({"methods": {"m": {"concurrency_limit": "four"}}}, "f")
    assert paths(problems) == ["f.methods.m.concurrency_limit"]


def test_relations_are_reported_where_the_old_word_was_written() -> None:
    _, problems = FunctionOverrides.parse({"keep_warm": 4, "concurrency_limit": 2}, "f")
    assert paths(problems) == ["f.keep_warm"]


@pytest.mark.parametrize("methods", [3, {"m": 3}, {"m": {"gpu": "T4"}}])
def test_methods_take_old_words_only(methods: object) -> None:
    found, errors, _ = parse({"methods": methods})
    assert found is None
    assert len(errors) == 1
