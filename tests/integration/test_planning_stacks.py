"""Whole stacks against their real files: every problem in one go, each at its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import config
from ruamel.yaml import YAML

from components.config import parsed_stack, read_stack
from components.planning import Planned, plan_services
from pulumi_modal.spec.problem import Problem, in_order
from pulumi_modal.spec.stack import parse_stack
from tests.fakes.planning import SOURCES
from tests.fakes.stacks import a_stack

ROOT = Path(__file__).parents[2]
APP = "import modal\napp = modal.App('x')\n"
FILES = {
    "sound.py": APP + "@app.function()\ndef f(x): return x\n",
    "syntax.py": "import modal\napp = modal.App('x'\n",
    "missing_package.py": "import modal, a_package_nobody_has\n",
    "endless.py": "while True:\n    pass\n",
    "exits.py": "import sys\nsys.exit(4)\n",
    "crashes.py": "import os\nos._exit(5)\n",
    "two.py": APP + "@app.function(gpu='H10O')\ndef f(x): return x\n@app.function()\n"
    "def g(x): return x\n",
    "printing.py": "print('hello')\n" + APP + "@app.function()\ndef f(x): return x\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a file for each fault, and a link to a file outside."""
    project = tmp_path / "project"
    project.mkdir()
    for name, text in FILES.items():
        (project / name).write_text(text, "utf-8")
    (tmp_path / "outside.py").write_text(FILES["sound.py"], "utf-8")
    (project / "link.py").symlink_to(tmp_path / "outside.py")
    return project


def planned(root: Path, deadline_s: float = 30, **services: Any) -> tuple[Planned, list[Problem]]:
    parsed = parse_stack(a_stack(**services), root)
    found = plan_services(parsed, root, deadline_s)
    return found, list(in_order([*parsed.problems, *found.problems]))


def told(root: Path, **services: Any) -> dict[str, str]:
    """Every error by its path."""
    _, problems = planned(root, **services)
    return {one.path.removeprefix("services."): one.line() for one in problems if one.is_error}


def test_all_faults_of_all_services_come_in_one_go(root: Path) -> None:
    services = {
        "a": {"source": "sond.py", "gpu": "H10O"},
        "b": {"source": "../outside.py", "memory": "16"},
        "c": {"source": "link.py", "timeout": "soon"},
        "d": {"source": "syntax.py", "tag": "v 1"},
        "e": {"source": "missing_package.py", "name": "a b"},
        "f": {"source": "exits.py", "functions": {"F": {"min_containers": 3, "max_containers": 2}}},
        "g": {"source": "crashes.py", "max_inputs": 4, "target_inputs": 8, "gup": "T4"},
        "h": {"source": "two.py", "functions": {"h": {"gpu": "any"}}, "cpu": 2},
        "i": {"source": "two.py", "functions": {"h": {}}, "probe": True, "pattern": "batched"},
        "j": {"source": "sound.py", "max_batch_size": 4},
        "k": {"source": "sound.py", "name": "j"},
    }
    assert list(told(root, **services)) == [
        "a.gpu",
        "a.source",
        "b.memory",
        "b.source",
        "c.source",
        "c.timeout",
        "d.source",
        "d.tag",
        "e.name",
        "e.source",
        "f.functions.F.min_containers",
        "f.source",
        "g.gup",
        "g.source",
        "g.target_inputs",
        "h.cpu",
        "h.functions.h",
        "h.functions.h.gpu",
        "i.functions.f.gpu",
        "i.functions.h",
        "i.pattern",
        "i.probe",
        "j.max_batch_size",
        "k",
    ]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param(
            "sond.py",
            '"sond.py" does not exist; allowed: the path of a Python file in this project, like'
            " services/embeddings.py; did you mean sound.py?",
            id="missing",
        ),
        pytest.param(
            "../outside.py",
            '"../outside.py" is outside the project; allowed: the path of a Python file in this'
            " project, like services/embeddings.py",
            id="outside",
        ),
        pytest.param(
            "link.py",
            '"link.py" is outside the project; allowed: the path of a Python file in this project,'
            " like services/embeddings.py",
            id="outside-by-a-link",
        ),
        pytest.param(
            "syntax.py",
            "syntax.py:2: syntax error: '(' was never closed; correct the line",
            id="syntax",
        ),
        pytest.param(
            "missing_package.py",
            "missing_package.py:1: the package 'a_package_nobody_has' is not installed here, and"
            " the file imports 'a_package_nobody_has' at its top; write the import under"
            " `with image.imports():` (then only the container runs it), or install"
            " 'a_package_nobody_has'",
            id="import",
        ),
        pytest.param(
            "exits.py",
            "exits.py:2: the file called sys.exit(4) while it was imported; move that under"
            " `if __name__ == '__main__':`",
            id="exit",
        ),
        pytest.param(
            "crashes.py",
            "crashes.py: the import ended the process with status 5; remove the os._exit or what"
            " crashes from the file",
            id="crash",
        ),
    ],
)
def test_a_source_that_cannot_be_says_why(root: Path, source: str, line: str) -> None:
    assert told(root, a={"source": source}) == {"a.source": f"services.a.source: {line}"}


def test_a_source_that_never_returns_is_ended(root: Path) -> None:
    found, problems = planned(root, 1.0, a={"source": "endless.py"}, b={"source": "sound.py"})
    (problem,) = problems
    assert problem.line() == (
        "services.a.source: endless.py: the import did not end within 1 s, it hung at endless.py:1;"
        " move what takes long out of the top level of the file: imports under"
        " `with image.imports():`, work into a function"
    )
    assert list(found.plans) == ["b"]


def test_what_a_variant_says_wrong_is_told_at_the_variant_and_the_rest_once(root: Path) -> None:
    variants = {"x": {"functions": {"g": {"wait_ms": 4}}}, "y": {"functions": {"z": {}}}}
    assert list(told(root, a={"source": "two.py", "variants": variants})) == [
        "a.functions.f.gpu",
        "a.variants.x.functions.g.wait_ms",
        "a.variants.y.functions.z",
    ]


def test_variants_are_planned_with_their_own_settings(root: Path) -> None:
    service = {
        "source": "sound.py",
        "memory": "2Gi",
        "variants": {
            "t4": {"gpu": "t4", "max_containers": 1},
            "a100": {"gpu": "A100-80GB:2", "max_containers": 2},
            "h100": {"gpu": ["H100!", "H200"], "memory": "16Gi"},
        },
    }
    found, problems = planned(root, infer=service)
    assert problems == []
    assert {name: dict(one.functions["f"].effective) for name, one in found.plans.items()} == {
        "infer-t4": {
            "gpu": "T4",
            "memory": 2048,
            "max_containers": 1,
            "max_in_flight": 1,
            "timeout": 300,
            "startup_timeout": 300,
        },
        "infer-a100": {
            "gpu": "A100-80GB:2",
            "memory": 2048,
            "max_containers": 2,
            "max_in_flight": 2,
            "timeout": 300,
            "startup_timeout": 300,
        },
        "infer-h100": {
            "gpu": ["H100!", "H200"],
            "memory": 16384,
            "timeout": 300,
            "startup_timeout": 300,
        },
    }


def test_old_words_are_translated_with_one_warning_each_and_never_passed_on() -> None:
    settings = {
        "concurrency_limit": 3,
        "keep_warm": 1,
        "container_idle_timeout": "5m",
        "memory": "16Gi",
        "target_inputs": 4,
        "methods": {"generate": {"concurrency_limit": 4}, "score": {"timeout": 60}},
    }
    functions = {"Model": settings, "Batcher": {"allow_concurrent_inputs": 2}}
    found, problems = planned(SOURCES, a={"source": "classes.py", "functions": functions})
    assert not [one for one in problems if one.is_error]
    became = {
        one.path.removeprefix("services.a.functions."): re.findall(r"became (\w+): ", one.message)
        for one in problems
    }
    assert len(problems) == len(became)
    assert became == {
        "Batcher.allow_concurrent_inputs": ["max_inputs"],
        "Model.concurrency_limit": ["max_containers"],
        "Model.container_idle_timeout": ["scaledown_window"],
        "Model.gpu": [],  # the code's A100 has a surprise of its own
        "Model.keep_warm": ["min_containers"],
        "Model.methods.generate.concurrency_limit": ["max_inputs"],
        "Model.methods.score.timeout": ["timeout"],
    }
    plan = found.plans["a"]
    model = plan.functions["Model"].effective
    assert {key: model[key] for key in ("max_containers", "min_containers", "max_inputs")} == {
        "max_containers": 3,
        "min_containers": 1,
        "max_inputs": 4,
    }
    assert (model["scaledown_window"], model["memory"], model["timeout"]) == (300, 16384, 60)
    assert plan.functions["Batcher"].effective["max_inputs"] == 2


def test_what_a_file_prints_is_kept_for_the_log(root: Path) -> None:
    found, problems = planned(root, a={"source": "printing.py"}, b={"source": "sound.py"})
    assert problems == []
    assert found.printed == {"printing.py": "hello"}


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_stack_of_this_project_is_planned_without_a_word(stack: str) -> None:
    text = (ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text("utf-8")
    parsed, problems = parsed_stack(YAML(typ="safe").load(text)["config"], [], ROOT)
    found = plan_services(parsed, ROOT)
    assert [*problems, *parsed.problems, *found.problems] == []
    assert parsed.environment == stack
    assert {"embeddings", "passages"} <= found.plans.keys()


@pytest.fixture
def configured() -> Iterator[dict[str, Any]]:
    """The configuration that Pulumi gives to a program, put back afterwards."""
    before = dict(config.CONFIG.get())
    yield {}
    config.set_all_config(before)


def test_a_program_gets_its_stack_with_every_plan(root: Path, configured: dict[str, Any]) -> None:
    services = {"a": {"source": "sound.py", "gpu": "T4"}}
    configured |= {"inference:environment": "dev", "inference:services": json.dumps(services)}
    config.set_all_config(configured)
    stack, found = read_stack(root)
    assert list(stack.services) == list(found.plans) == ["a"]


def test_a_program_with_a_bad_stack_ends_before_it_declares_anything(
    root: Path, configured: dict[str, Any]
) -> None:
    services = {"a": {"source": "exits.py", "gpu": "T5"}, "b": {"source": "nowhere.py"}}
    configured |= {"inference:environment": "-", "inference:services": json.dumps(services)}
    config.set_all_config(configured)
    with pytest.raises(pulumi.RunError) as caught:
        read_stack(root)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the stack has 4 problems, and nothing was deployed:"
    assert [line.strip().partition(": ")[0] for line in lines[1:]] == [
        "environment",
        "services.a.gpu",
        "services.a.source",
        "services.b.source",
    ]
