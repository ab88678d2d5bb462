"""Where in a stack the settings of an app stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.places import DeclaredApp, declared_apps
from pulumi_modal.spec.stack import parse_stack
from tests.fakes.stacks import a_project, a_service, a_stack


@pytest.fixture
def apps(tmp_path: Path) -> dict[str, DeclaredApp]:
    infer = a_service(
        cpu=1,
        memory="1Gi",
        functions={"F": {"cpu": 2}, "G": {"timeout": 5}},
        variants={"t4": {"cpu": 3, "functions": {"G": {"timeout": 6}, "H": {}}}, "h100": {}},
    )
    services: dict[str, Any] = {"plain": a_service(gpu="T4", functions={"F": {"cpu": 1}})}
    stack = parse_stack(a_stack(infer=infer, **services), a_project(tmp_path)).stack
    assert stack is not None
    return {app.spec.app_name: app for app in declared_apps(stack.services)}


def test_a_service_is_one_app_and_each_variant_is_another(apps: dict[str, DeclaredApp]) -> None:
    assert {name: app.path for name, app in apps.items()} == {
        "infer-t4": "services.infer.variants.t4",
        "infer-h100": "services.infer.variants.h100",
        "plain": "services.plain",
    }
    assert {app.source for app in apps.values()} == {
        "services.infer.source",
        "services.plain.source",
    }


@pytest.mark.parametrize(
    ("app", "function", "key", "path"),
    [
        pytest.param("plain", "F", "cpu", "services.plain.functions.F.cpu", id="function"),
        pytest.param("plain", "F", "gpu", "services.plain.gpu", id="service"),
        pytest.param("plain", "F", "timeout", None, id="nowhere"),
        pytest.param(
            "infer-t4",
            "G",
            "timeout",
            "services.infer.variants.t4.functions.G.timeout",
            id="function-of-the-variant",
        ),
        pytest.param(
            "infer-h100", "G", "timeout", "services.infer.functions.G.timeout", id="other-variant"
        ),
        pytest.param("infer-t4", "F", "cpu", "services.infer.functions.F.cpu", id="named-wins"),
        pytest.param("infer-t4", "X", "cpu", "services.infer.variants.t4.cpu", id="variant-wins"),
        pytest.param("infer-h100", "X", "cpu", "services.infer.cpu", id="below-the-variant"),
        pytest.param("infer-t4", "", "memory", "services.infer.memory", id="of-no-function"),
    ],
)
def test_a_setting_stands_where_it_was_written_last(
    apps: dict[str, DeclaredApp], app: str, function: str, key: str, path: str | None
) -> None:
    assert apps[app].setting(function, key) == path


def test_a_function_is_named_where_the_stack_names_it(apps: dict[str, DeclaredApp]) -> None:
    app = apps["infer-t4"]
    assert app.function("H") == "services.infer.variants.t4.functions.H"
    assert app.function("F") == "services.infer.functions.F"
