"""Which app is meant, and which names fit it."""

from __future__ import annotations

import pytest

from pulumi_modal.errors import PlanError, SourceError
from pulumi_modal.source.choose import check_names, check_unique, choose_app

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
    check_names("x.py", {"f": (), "M": ("go",)}, {"f": {}, "M": {}}, {})
    check_names("x.py", {"f": ()}, {}, {"gpu": "T4"})


@pytest.mark.parametrize(
    ("overrides", "settings", "said"),
    [
        pytest.param({"ff": {}}, {}, "functions.ff: .* did you mean f?", id="misspelt"),
        pytest.param({"zebra": {}}, {}, "it has M, f", id="far off"),
        pytest.param({"go": {}}, {}, "go is a method, .* functions.M", id="method"),
        pytest.param({}, {"gpu": "T4"}, "gpu: the app has several functions", id="which one"),
    ],
)
def test_unknown_names_are_refused(
    overrides: dict[str, object], settings: dict[str, object], said: str
) -> None:
    with pytest.raises(PlanError, match=said):
        check_names("x.py", {"f": (), "M": ("go",)}, overrides, settings)


def test_a_name_twice_is_refused() -> None:
    check_unique("x.py", ["a", "b"])
    with pytest.raises(PlanError, match="a is defined more than once"):
        check_unique("x.py", ["a", "b", "a"])
