"""An App that the program has not planned is planned by the provider, in its check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pulumi.output import UNKNOWN, Unknown

from pulumi_modal.planning.plan import plan_one
from pulumi_modal.provider.app_check import checked
from pulumi_modal.provider.app_inputs import completed, is_complete
from pulumi_modal.provider.operation import Operation, as_current
from tests.fakes.planning import SOURCES, a_request

WHERE = {"app_name": "infer", "environment": "dev", "workspace": "local"}


def news(source: str, **said: Any) -> dict[str, Any]:
    """What a program says of an app."""
    return {**WHERE, "source": source, **said}


def refused(root: Path, inputs: dict[str, Any]) -> dict[str, str]:
    """What is wrong, by property."""
    return dict(checked(inputs, root)[1])


def test_inputs_are_completed_as_a_program_would_have_planned_them() -> None:
    overrides = {"Model": {"gpu": "h100:2", "memory": "16Gi", "max_in_flight": 40}}
    inputs, problems = checked(news("classes.py", overrides=overrides, tag="v1"), SOURCES)
    settings = {"Model": {"gpu": "H100:2", "memory": 16384, "max_in_flight": 40}}
    plan = plan_one(a_request("classes.py", overrides=settings))
    assert problems == []
    assert inputs == completed(news("classes.py", tag="v1"), plan)
    assert is_complete(inputs)


def test_completed_inputs_are_the_same_at_the_next_check() -> None:
    inputs, _ = checked(news("web.py", probe={"function": "api", "status": 401}), SOURCES)
    assert checked(inputs, SOURCES) == (inputs, [])
    assert inputs["probe"]["deadline"] == 120


def test_a_path_is_written_in_one_way(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "llm.py").write_text((SOURCES / "batched.py").read_text())
    inputs, problems = checked(news(" ./services/../services/llm.py "), tmp_path)
    assert problems == []
    assert inputs["source"] == "services/llm.py"


@pytest.mark.parametrize(
    ("said", "path", "reason"),
    [
        pytest.param(
            news("functions.py", overrides={"genrate": {"gpu": "T4"}}),
            "source",
            "did you mean generate?",
            id="no such function",
        ),
        pytest.param(
            news("classes.py", overrides={"Model": {"min_containers": 4}}),
            "source",
            "4 is above max_containers (3 in the code)",
            id="against the code",
        ),
        pytest.param(
            news("two_apps.py"), "source", "several apps (back, front)", id="which of the apps"
        ),
        pytest.param(
            news("two_apps.py", app="fron"), "source", "did you mean 'front'?", id="no such app"
        ),
        pytest.param(
            news("functions.py", probe={"path": "/"}),
            "probe",
            "nothing in the source has a URL",
            id="nothing to ask",
        ),
        pytest.param(
            news("web.py", probe={"function": "app"}),
            "probe.function",
            "did you mean api?",
            id="URL",
        ),
    ],
)
def test_what_the_code_contradicts_is_told(said: dict[str, Any], path: str, reason: str) -> None:
    found = refused(SOURCES, said)
    assert list(found) == [path]
    assert reason in found[path]
    assert "\n" not in found[path]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            "import modal\nraise ValueError('no')", "app.py:2: ValueError: no", id="error"
        ),
        pytest.param("import os; os._exit(4)", "ended the process with status 4", id="exit"),
        pytest.param("x = 1", "the file has no modal.App", id="no app"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_told(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "app.py").write_text(text)
    assert reason in refused(tmp_path, news("app.py"))["source"]


def test_effective_settings_that_modal_would_refuse_are_told(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import modal\napp = modal.App('x')\n"
        "@app.function(gpu='H101', timeout=90_000)\ndef f(): return 1\n"
    )
    found = refused(tmp_path, news("app.py", overrides={"f": {"cpu": 2}}))
    assert set(found) == {"overrides.f.gpu", "overrides.f.timeout"}
    assert "did you mean H100?" in found["overrides.f.gpu"]


def test_settings_of_the_only_function_are_completed_under_its_name() -> None:
    inputs, problems = checked(news("batched.py", settings={"gpu": "t4"}), SOURCES)
    assert problems == []
    (only,) = inputs["functions"].values()
    assert only["gpu"] == "T4"
    assert "settings" not in inputs


def test_a_setting_of_the_only_function_is_refused_where_it_stands() -> None:
    found = refused(SOURCES, news("batched.py", settings={"gpu": "H101"}))
    assert list(found) == ["settings.gpu"]


def test_a_pattern_is_checked_and_not_kept() -> None:
    wrong = refused(SOURCES, news("functions.py", pattern="stateful"))
    assert list(wrong) == ["pattern"]
    inputs, problems = checked(news("functions.py", pattern="stateless"), SOURCES)
    assert problems == []
    assert "pattern" not in inputs


def test_only_what_an_unknown_value_decides_is_unknown() -> None:
    overrides = {"Model": {"max_containers": 2, "env": {"A": "1", "B": UNKNOWN}, "gpu": UNKNOWN}}
    inputs, problems = checked(news("classes.py", overrides=overrides, tag=UNKNOWN), SOURCES)
    planned, _ = checked(
        news("classes.py", overrides={"Model": {"max_containers": 2, "env": {"A": "1"}}}), SOURCES
    )
    assert problems == []
    assert is_complete(inputs)
    model = inputs["functions"]["Model"]
    assert model["env"]["A"] == "1"
    assert all(isinstance(one, Unknown) for one in (model["env"]["B"], model["gpu"]))
    assert all(isinstance(inputs[name], Unknown) for name in ("digest", "tag"))
    rest = {"env": None, "gpu": None}
    assert {**model, **rest} == {**planned["functions"]["Model"], **rest}
    assert inputs["needs"] == planned["needs"]


def test_what_a_program_ignores_keeps_what_the_state_says() -> None:
    said = {"Model": {"gpu": "T4", "max_containers": 2}}
    olds, _ = checked(news("classes.py", overrides=said), SOURCES)
    changed = {"Model": {"gpu": "T4", "max_containers": 3}}
    kept, problems = checked(news("classes.py", functions=changed), SOURCES, olds)
    assert problems == []
    assert (kept["functions"]["Model"]["gpu"], kept["functions"]["Model"]["max_containers"]) == (
        "T4",
        3,
    )
    whole, problems = checked(news("classes.py", functions=olds["functions"]), SOURCES, olds)
    assert (whole, problems) == (olds, [])


def test_what_is_surprising_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import modal\nprint('hello')\napp = modal.App('x')\n@app.function()\ndef f(): return 1\n"
    )
    warned: list[str] = []
    noted: list[str] = []
    with as_current(Operation(warn=warned.append, note=noted.append)):
        said = news("app.py", overrides={"f": {"gpu": "A10G", "scaledown_window": 1800}})
        inputs, problems = checked(said, tmp_path)
    assert problems == []
    assert is_complete(inputs)
    gpu, window = sorted(warned)
    assert gpu.startswith('overrides.f.gpu: "A10G" is an old name')
    assert window.startswith("overrides.f.scaledown_window: 1800 ")
    assert noted == ["app.py printed while it was imported:\nhello"]
