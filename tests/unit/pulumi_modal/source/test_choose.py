"""Which app is meant, and which names fit it."""

from __future__ import annotations

import re

import pytest

from pulumi_modal.errors import SourceError
from pulumi_modal.source.choose import choose_app, name_problems, same_name_problems

ONE, TWO = object(), object()


@pytest.mark.parametrize(
    ("apps", "wanted", "chosen"),
    [
        pytest.param({"server": ONE}, "", "server", id="the only one"),
        pytest.param({"x": ONE, "app": ONE}, "", "app", id="one under two names"),
        pytest.param({"app": ONE, "other": TWO}, "", "app", id="the one called app"),
        pytest.param({"app": ONE, "other": TWO}, "other", "other", id="the wanted one"),
    ],
)
def test_one_app_is_chosen(apps: dict[str, object], wanted: str, chosen: str) -> None:
    assert choose_app("x.py", apps, wanted) == (chosen, apps[chosen])


@pytest.mark.parametrize(
    ("apps", "wanted", "said"),
    [
        pytest.param({}, "", "has no modal.App; add", id="none"),
        pytest.param({"a": ONE, "b": TWO}, "", r"several apps \(a, b\)", id="several"),
        pytest.param({"front": ONE}, "fornt", "did you mean 'front'", id="misspelt"),
        pytest.param({}, "front", "it has none", id="wanted of none"),
    ],
)
def test_no_choice_is_a_sentence(apps: dict[str, object], wanted: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        choose_app("x.py", apps, wanted)


def test_known_names_pass() -> None:
    assert name_problems({"f": (), "M": ("go",)}, {"f": {}, "M": {}}, {}) == []
    assert name_problems({"f": ()}, {}, {"gpu": "T4"}) == []


@pytest.mark.parametrize(
    ("overrides", "settings", "said"),
    [
        pytest.param({"ff": {}}, {}, r"functions.ff: .* did you mean f\?", id="misspelt"),
        pytest.param({"zebra": {}}, {}, "it has M, f", id="far off"),
        pytest.param({"go": {}}, {}, "go is a method, .* functions.M", id="method"),
        pytest.param({}, {"gpu": "T4"}, "gpu: the app has several functions", id="which one"),
    ],
)
def test_unknown_names_are_refused(
    overrides: dict[str, object], settings: dict[str, object], said: str
) -> None:
    (sentence,) = name_problems({"f": (), "M": ("go",)}, overrides, settings)
    assert re.search(said, sentence)


def test_a_name_twice_is_refused() -> None:
    assert same_name_problems(["a", "b"]) == []
    (sentence,) = same_name_problems(["a", "b", "a"])
    assert sentence.startswith("a is defined more than once")


def test_each_setting_that_needs_a_name_is_a_sentence_of_its_own() -> None:
    found = name_problems({"f": (), "g": ()}, {}, {"gpu": "T4", "cpu": 1})
    assert [sentence.partition(":")[0] for sentence in found] == ["cpu", "gpu"]
