"""What plans say is told at the place of the stack that it is about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.places import DeclaredApp, declared_apps
from components.verdicts import plan_problems, unknown_names
from pulumi_modal.spec.plan import Plan, PlannedFunction, SourceDigest
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.stack import parse_stack
from tests.fakes.stacks import SOURCE, a_project, a_service, a_stack


def an_app(root: Path, **keys: Any) -> DeclaredApp:
    """The only app of a stack, or its first variant."""
    stack = parse_stack(a_stack(a=a_service(**keys)), a_project(root)).stack
    assert stack is not None
    return next(declared_apps(stack.services))


def a_plan(
    *, refused: tuple[str, ...] = (), warnings: tuple[str, ...] = (), **settings: Any
) -> Plan:
    """A plan of one class `M` with these effective settings."""
    web = settings.pop("web_url", False)
    methods = settings.pop("methods", ())
    function = PlannedFunction(kind="class", effective=settings, web=web, methods=methods)
    digest = SourceDigest(files={}, image="")
    return Plan(
        source=SOURCE,
        app_in_code="a",
        functions={"M": function},
        digest=digest,
        refused=refused,
        warnings=warnings,
    )


def told(app: DeclaredApp, plan: Plan) -> list[tuple[str, str]]:
    return [(problem.path, problem.line()) for problem in plan_problems(app, plan)]


def test_a_sound_plan_says_nothing(tmp_path: Path) -> None:
    app = an_app(tmp_path, gpu="T4", pattern="stateful", probe=True)
    assert told(app, a_plan(gpu="T4", max_inputs=4, web_url=True)) == []


def test_a_bad_value_in_the_code_is_said_to_be_there(tmp_path: Path) -> None:
    ((path, line),) = told(an_app(tmp_path), a_plan(gpu="H10O"))
    assert path == "services.a.functions.M.gpu"
    assert line.startswith(f'{path}: "H10O" (in the code) is not a GPU of Modal; allowed: T4')


def test_a_surprise_in_the_code_is_a_warning(tmp_path: Path) -> None:
    (problem,) = plan_problems(an_app(tmp_path), a_plan(gpu="A100"))
    assert not problem.is_error


def test_a_surprise_that_the_stack_itself_sets_is_told_once_when_it_is_read(tmp_path: Path) -> None:
    assert told(an_app(tmp_path, gpu="A100"), a_plan(gpu="A100")) == []


def test_what_only_code_and_stack_together_break_is_told_at_the_stacks_key(tmp_path: Path) -> None:
    app = an_app(tmp_path, variants={"t4": {"functions": {"M": {"nonpreemptible": True}}}})
    ((path, line),) = told(app, a_plan(gpu="T4", nonpreemptible=True))
    assert path == "services.a.variants.t4.functions.M.nonpreemptible"
    assert "cannot go with a GPU" in line


def test_a_refused_setting_is_told_at_its_key(tmp_path: Path) -> None:
    app = an_app(tmp_path, max_batch_size=4)
    plan = a_plan(refused=("functions.M.max_batch_size: the code is not batched",))
    assert told(app, plan) == [
        ("services.a.max_batch_size", "services.a.max_batch_size: the code is not batched")
    ]


def test_an_unknown_name_is_told_where_it_is_written(tmp_path: Path) -> None:
    app = an_app(tmp_path, functions={"N": {}})
    sentence = "functions.N: the app has no function of this name"
    assert told(app, a_plan(refused=(sentence,)))[0][0] == "services.a.functions.N"


def test_what_is_about_the_file_is_told_at_the_source(tmp_path: Path) -> None:
    plan = a_plan(refused=("f is defined more than once",), warnings=("x.py is not uploaded",))
    assert {path for path, _ in told(an_app(tmp_path), plan)} == {"services.a.source"}


def test_a_probe_needs_something_with_a_url(tmp_path: Path) -> None:
    app = an_app(tmp_path, probe=True)
    assert told(app, a_plan())[0][0] == "services.a.probe"
    assert told(app, a_plan(web_url=True)) == []


def test_a_probe_of_a_function_without_url_names_those_with_one(tmp_path: Path) -> None:
    app = an_app(tmp_path, probe={"function": "m"})
    ((path, line),) = told(app, a_plan(web_url=True))
    assert path == "services.a.probe.function"
    assert line.endswith('"m" has no URL; allowed: M; did you mean M?')


def test_a_probe_that_calls_names_what_can_be_called(tmp_path: Path) -> None:
    app = an_app(tmp_path, probe={"call": "M.predcit"})
    ((path, line),) = told(app, a_plan(methods=("predict",)))
    assert path == "services.a.probe.call"
    assert line.endswith("one call; allowed: M.predict; did you mean M.predict?")


def test_of_settings_half_read_only_names_are_judged(tmp_path: Path) -> None:
    plan = a_plan(
        refused=(
            "functions.M.max_inputs: 2 is below target_inputs (6 in the code)",
            "functions.N: the app has no function of this name",
            "gpu: the app has several functions (M, N)",
        ),
        gpu="H10O",
    )
    found: list[Problem] = list(unknown_names(an_app(tmp_path, gpu="T4"), plan))
    assert [problem.path for problem in found] == ["services.a.functions.N", "services.a.gpu"]
