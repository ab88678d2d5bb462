"""What is wrong with inputs is told at the property that says it, before any file is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pulumi.output import UNKNOWN

from pulumi_modal.provider.app import AppProvider
from pulumi_modal.provider.app_check import checked
from pulumi_modal.provider.binding import binding_problems
from pulumi_modal.provider.environment import EnvironmentProvider
from pulumi_modal.spec.canary import Canary
from pulumi_modal.spec.probe import Probe
from tests.fakes.apps import SAID, a_function, a_plan, app_inputs

CLOSED = a_plan(serve=a_function(web=True, closed=True))
WITH_URLS = a_plan(serve=a_function(web=True), plain=a_function(), Llm=a_function("server"))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a file that must not be loaded."""
    (tmp_path / "llm.py").write_text("raise SystemExit('loaded')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODAL_ENVIRONMENT", raising=False)
    return tmp_path


def refused(news: dict[str, Any], root: Path) -> dict[str, str]:
    """What is wrong, by property; what was asked stays as it was."""
    inputs, problems = checked(news, root)
    assert inputs == news
    return dict(problems)


def test_inputs_that_the_program_has_planned_are_taken_as_they_are(root: Path) -> None:
    inputs = app_inputs(WITH_URLS, probe={"path": "/health"})
    assert checked(inputs, root) == (inputs, [])


@pytest.mark.parametrize(
    ("said", "path", "reason"),
    [
        pytest.param(
            {"overrides": {"serve": {"gpu": "H101"}}},
            "overrides.serve.gpu",
            '"H101" is not a GPU of Modal; allowed: ',
            id="GPU",
        ),
        pytest.param(
            {"overrides": {"serve": {"gpus": "H100"}}},
            "overrides.serve.gpus",
            "is not a known key; did you mean gpu?",
            id="unknown key",
        ),
        pytest.param(
            {"overrides": {"serve": {"min_containers": 3, "max_containers": 2}}},
            "overrides.serve.min_containers",
            "3 is above max_containers (2)",
            id="bounds",
        ),
        pytest.param(
            {"overrides": {"a b": {"gpu": "T4"}}}, 'overrides["a b"]', '"a b" is not', id="name"
        ),
        pytest.param({"overrides": "gpu"}, "overrides", '"gpu" is not a map', id="no map"),
        pytest.param(
            {"overrides": {"Model.score": {"gpu": "T4"}}},
            'overrides["Model.score"]',
            '"Model.score" is a method',
            id="method",
        ),
        pytest.param(
            {"app_name": "a b"}, "app_name", '"a b" is not accepted by Modal', id="app name"
        ),
        pytest.param({"source": "gone.py"}, "source", '"gone.py" does not exist', id="source"),
        pytest.param({"source": None}, "source", "null is not a path", id="no source"),
        pytest.param({"strategy": "blue"}, "strategy", '"blue" is not', id="strategy"),
        pytest.param({"tag": "a b"}, "tag", '"a b" is not', id="tag"),
        pytest.param({"app": "1x"}, "app", '"1x" is not', id="variable"),
        pytest.param(
            {"probe": {"path": "health"}},
            "probe.path",
            '"health" is not accepted by Modal',
            id="probe",
        ),
        pytest.param({"probe": {"paht": "/"}}, "probe.paht", "is not a known key", id="probe key"),
    ],
)
def test_a_bad_input_is_told_at_its_property(
    root: Path, said: dict[str, Any], path: str, reason: str
) -> None:
    found = refused({**SAID, **said}, root)
    assert list(found) == [path]
    assert reason in found[path]
    assert "\n" not in found[path]


def test_all_that_is_wrong_is_told_at_once(root: Path) -> None:
    news = {**SAID, "app_name": "a b", "tag": "a b", "overrides": {"f": {"gpu": "X", "cpu": 0}}}
    assert set(refused(news, root)) == {
        "app_name",
        "tag",
        "overrides.f.gpu",
        "overrides.f.cpu",
    }


@pytest.mark.parametrize("name", ["source", "app_name", "app", "environment"])
def test_without_knowing_which_app_nothing_is_judged(root: Path, name: str) -> None:
    assert refused({**SAID, "overrides": {"f": {"gpu": "H101"}}, name: UNKNOWN}, root) == {}
    assert AppProvider().check({}, {**SAID, name: UNKNOWN}).failures == []


def test_what_is_known_is_judged_before_the_rest_is(root: Path) -> None:
    overrides = {"f": {"gpu": "H101", "region": ["us", UNKNOWN], "env": {"A": UNKNOWN}}}
    assert set(refused({**SAID, "overrides": overrides}, root)) == {"overrides.f.gpu"}


@pytest.mark.parametrize(
    "unknown",
    [
        pytest.param({"probe": UNKNOWN}, id="probe"),
        pytest.param({"probe": {"path": UNKNOWN, "function": "nothing"}}, id="in the probe"),
        pytest.param({"functions": UNKNOWN}, id="functions"),
        pytest.param({"functions": {"serve": UNKNOWN}}, id="a function"),
        pytest.param({"environment": UNKNOWN, "workspace": UNKNOWN}, id="where"),
    ],
)
def test_planned_inputs_may_hold_what_is_not_known_yet(root: Path, unknown: dict[str, Any]) -> None:
    news = {**app_inputs(WITH_URLS, probe={"path": "/health"}), **unknown}
    assert refused(news, root) == {}


@pytest.mark.parametrize(
    ("functions", "probe", "problems"),
    [
        pytest.param(WITH_URLS, {"path": "/"}, {}, id="the first URL"),
        pytest.param(WITH_URLS, {"function": "Llm"}, {}, id="a server"),
        pytest.param(
            WITH_URLS,
            {"function": "plain"},
            {"probe.function": '"plain" has no URL; allowed: Llm, serve'},
            id="a function without",
        ),
        pytest.param(
            WITH_URLS,
            {"function": "sreve"},
            {"probe.function": '"sreve" has no URL; allowed: Llm, serve; did you mean serve?'},
            id="misspelt",
        ),
        pytest.param(
            a_plan(plain=a_function()),
            {"path": "/"},
            {"probe": "nothing in the source has a URL that it could ask; name a function in `cal"},
            id="no URL at all",
        ),
        pytest.param(
            CLOSED,
            {"path": "/"},
            {
                "probe": "asks serve, whose URL answers 401 to everybody without a proxy token;"
                " expect `status: 401` (it is up, whatever is behind it), or take the probe out"
            },
            id="a URL that asks for a token",
        ),
        pytest.param(CLOSED, {"status": 401}, {}, id="a token is missing, as expected"),
        pytest.param(
            WITH_URLS, {"status": 99}, {"probe.status": "99 is below 100"}, id="a bad probe"
        ),
    ],
)
def test_a_probe_needs_something_to_ask(
    root: Path, functions: Any, probe: dict[str, Any], problems: dict[str, str]
) -> None:
    found = refused(app_inputs(functions, probe=probe), root)
    assert list(found) == list(problems)
    for path, reason in problems.items():
        assert found[path].startswith(reason)


@pytest.mark.parametrize(
    ("said", "paths"),
    [
        pytest.param({}, [], id="all is well"),
        pytest.param({"environment": "a b"}, ["environment"], id="environment"),
        pytest.param({"environment": None}, ["environment"], id="no environment"),
        pytest.param({"workspace": "a b"}, ["workspace"], id="workspace"),
        pytest.param({"environment": 3, "workspace": ""}, ["environment", "workspace"], id="both"),
    ],
)
@pytest.mark.usefixtures("root")
def test_where_an_app_lives_is_checked(said: dict[str, Any], paths: list[str]) -> None:
    result = AppProvider().check({}, {**app_inputs(), **said})
    assert [one.property for one in result.failures] == paths


@pytest.mark.usefixtures("root")
def test_an_app_without_an_environment_is_told_with_all_else() -> None:
    news = {key: value for key, value in SAID.items() if key != "environment"}
    result = AppProvider().check({}, {**news, "tag": "a b"})
    assert [one.property for one in result.failures] == ["environment", "tag"]


@pytest.mark.usefixtures("root")
def test_names_of_an_environment_are_checked() -> None:
    result = EnvironmentProvider().check(
        {}, {"name": "en-x", "workspace": "local", "__provider": "x"}
    )
    assert result.inputs == {"name": "en-x", "workspace": "local"}
    assert [one.property for one in result.failures] == ["name"]
    assert EnvironmentProvider().check({}, {"name": UNKNOWN, "workspace": "local"}).failures == []


@pytest.mark.usefixtures("root")
def test_an_environment_that_the_shell_contradicts_is_told_at_preview(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MODAL_ENVIRONMENT", "prod")
    said = "the stack is bound to the Modal environment dev, but MODAL_ENVIRONMENT says prod: "
    for problems in (
        binding_problems({"environment": "dev", "workspace": "local"}, "environment"),
        binding_problems({"environment": "dev", "workspace": "local"}, "environment"),
    ):
        ((key, reason),) = problems
        assert key == "environment"
        assert reason.startswith(said)
    for fine in ("prod", UNKNOWN):
        inputs = {"name": fine, "workspace": "local"}
        assert list(binding_problems(inputs, "name")) == []


def test_a_probe_of_a_planned_app_is_written_out(root: Path) -> None:
    inputs, problems = checked(app_inputs(WITH_URLS, probe=True, canary=True), root)
    assert problems == []
    assert inputs["probe"] == Probe().settings()
    assert inputs["canary"] == Canary().settings()
    assert "probe" not in checked({**inputs, "probe": False}, root)[0]
