"""What keeps a new version from taking over is told before anything is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.spec.plan import PlannedFunction
from pulumi_modal.spec.problem import Problem, join
from pulumi_modal.spec.release import planned_release_problems
from pulumi_modal.spec.service import ServiceSpec
from pulumi_modal.spec.stack import parse_stack
from tests.fakes.stacks import a_project, a_service, a_stack, lines


def service(root: Path, **keys: Any) -> ServiceSpec:
    found = parse_stack(a_stack(a=a_service(**keys)), a_project(root)).stack
    assert found is not None
    return found.services["a"]


def planned(spec: ServiceSpec, **functions: PlannedFunction) -> list[Problem]:
    def place(function: str, key: str) -> str:
        return join("services.a.functions", function, key)

    return planned_release_problems(spec, functions, "services.a", place)


def function(*, web: Any = True, **effective: Any) -> PlannedFunction:
    """`web`: False, True, or the settings of its URL."""
    shown = {"web": web} if isinstance(web, dict) else {}
    return PlannedFunction(kind="function", effective={**effective, **shown}, web=bool(web))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param({"on_failure": "rollback", "probe": True}, "", id="rollback"),
        pytest.param({"on_failure": "keep"}, "", id="keep"),
        pytest.param(
            {"on_failure": "rollback"},
            'services.a.on_failure: "rollback" needs a probe, which says that a version is not'
            " healthy; without one leave it out; did you mean keep?",
            id="rollback without a probe",
        ),
        pytest.param(
            {"canary": True},
            "services.a.canary: needs a probe, which says when the new version can take its load",
            id="canary without a probe",
        ),
        pytest.param(
            {"canary": True, "probe": True, "name": "a" * 60},
            f"services.a.canary: would be the app {'a' * 60}-canary, longer than 64 characters:"
            " give the service a shorter name",
            id="a long name",
        ),
        pytest.param(
            {"on_failure": "rolback", "probe": True}, "did you mean rollback?", id="misspelt"
        ),
        pytest.param({"canary": False}, "", id="no canary"),
    ],
)
def test_what_a_stack_says_against_a_release(
    tmp_path: Path, keys: dict[str, Any], said: str
) -> None:
    found = lines(parse_stack(a_stack(a=a_service(**keys)), a_project(tmp_path)).problems)
    assert len(found) == bool(said)
    assert said in "".join(found)


def test_two_apps_cannot_be_one_by_a_canary(tmp_path: Path) -> None:
    a = a_service(probe=True, canary=True)
    raw = a_stack(**{"a-canary": a_service(), "a": a})
    (line,) = lines(parse_stack(raw, a_project(tmp_path)).problems)
    assert line.startswith("services.a: would be the app a-canary, as services.a-canary is")


@pytest.mark.parametrize(
    ("strategy", "bounds", "said"),
    [
        pytest.param(
            None,
            {"min_containers": 2, "max_containers": 2},
            "2 is min_containers, too: a rolling deploy finds no room for a replacement while all 2"
            " run, and the old version serves on; allow 3, or say `strategy: recreate`, which stops"
            " old containers first",
            id="as many as there may be",
        ),
        pytest.param(
            "rolling", {"min_containers": 1, "max_containers": 1}, "while it runs", id="one"
        ),
        pytest.param("recreate", {"min_containers": 1, "max_containers": 1}, "", id="recreate"),
        pytest.param(None, {"min_containers": 1, "max_containers": 2}, "", id="room for one"),
        pytest.param(None, {"max_containers": 1}, "", id="idle ones make room"),
        pytest.param(None, {"min_containers": 3}, "", id="no limit"),
    ],
)
def test_a_rolling_deploy_without_room_is_a_warning(
    tmp_path: Path, strategy: str | None, bounds: dict[str, int], said: str
) -> None:
    keys = {"strategy": strategy} if strategy else {}
    found = planned(service(tmp_path, **keys), web=function(**bounds))
    assert [(one.path, one.is_error) for one in found] == (
        [("services.a.functions.web.max_containers", False)] if said else []
    )
    assert said in "".join(one.line() for one in found)


@pytest.mark.parametrize(
    ("canary", "functions", "said"),
    [
        pytest.param({"call": "f"}, {"f": function(web=False)}, "", id="a call"),
        pytest.param(
            {"call": "g"},
            {"f": function(web=False)},
            ('services.a.canary.call: "g" is nothing that the source lets one call; allowed: f'),
            id="a call of nothing",
        ),
        pytest.param(
            {"path": "/", "function": "f"},
            {"f": function(web=False)},
            'services.a.canary.function: "f" has no URL; allowed: web',
            id="a question to nothing",
        ),
        pytest.param(
            True,
            {"f": function(web={"label": "x" * 60})},
            (
                f"services.a.canary: would have the web label {'x' * 60}-canary, which is too long"
                " for a URL; shorten the label of f"
            ),
            id="a long label",
        ),
        pytest.param(
            True,
            {"M": function(web={"one": {"label": "x"}, "two": {}})},
            (
                "services.a.canary: would take the label of a method of M: with several URLs on one"
                " class it cannot be given another; leave the label out of the code"
            ),
            id="the label of a method",
        ),
        pytest.param(
            True,
            {"f": function(web=False, schedule="Cron(0 4 * * *)")},
            (
                "services.a.canary: runs f by its schedule too, beside the old version, while it is"
                " there"
            ),
            id="a schedule",
        ),
    ],
)
def test_what_a_second_app_of_the_same_code_would_do(
    tmp_path: Path, canary: Any, functions: dict[str, PlannedFunction], said: str
) -> None:
    spec = service(tmp_path, probe={"function": "web"}, canary=canary)
    found = planned(spec, web=function(web=True), **functions)
    assert [one.line() for one in found] == ([said] if said else [])
