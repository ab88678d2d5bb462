"""What the resources declare to the engine, in a program that plans and in one that does not."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pulumi
import pytest

import pulumi_modal
from pulumi_modal.provider.props import PROVIDER_KEY
from tests.fakes.apps import a_function, a_plan, app_inputs
from tests.fakes.pulumi_mocks import declared_by

PLAN = a_plan(serve=a_function(web=True, gpu="T4"))
OUTPUTS = {
    "url": "http://x",
    "urls": {"serve": "http://x"},
    "app_id": "ap-1",
    "version": 3.0,
    "functions": {"serve": {"gpu": "T4"}},
    "code": {},
}


def inputs_of(declared: Any, name: str) -> dict[str, Any]:
    """What the engine gets, without the provider and what says nothing."""
    inputs = declared.resources[name].inputs
    return {
        key: value for key, value in inputs.items() if key != PROVIDER_KEY and value is not None
    }


def test_an_app_that_was_planned_declares_its_complete_inputs() -> None:
    def program() -> None:
        pulumi_modal.App(
            "llm", source="llm.py", environment="dev", plan=PLAN, probe={"path": "/health"}
        )

    declared = declared_by(program)
    assert declared.types() == {"llm": "pulumi-python:dynamic/modal:App"}
    said = {"probe": {"path": "/health"}, "owner": "project/stack"}
    assert inputs_of(declared, "llm") == app_inputs(PLAN, **said)


def test_an_app_that_was_not_planned_declares_what_it_was_told() -> None:
    def program() -> None:
        pulumi_modal.App(
            "llm",
            source="llm.py",
            app_name="chat",
            environment="dev",
            workspace="acme",
            overrides={"serve": {"gpu": "H100"}},
            strategy="recreate",
        )

    assert inputs_of(declared_by(program), "llm") == {
        "source": "llm.py",
        "app_name": "chat",
        "environment": "dev",
        "workspace": "acme",
        "functions": {"serve": {"gpu": "H100"}},  # the word of previews, so it can be ignored
        "strategy": "recreate",
        "owner": "project/stack",
    }


def test_a_secret_among_settings_ends_the_program_and_is_not_shown() -> None:
    def program() -> None:
        token = pulumi.Output.secret("canary-51")
        pulumi_modal.App(
            "llm", source="llm.py", environment="dev", overrides={"serve": {"env": {"KEY": token}}}
        )

    with pytest.raises(pulumi.RunError, match=r"^llm\.overrides\.serve\.env\.KEY is a") as refused:
        declared_by(program)
    assert "canary" not in str(refused.value)


def test_an_output_among_settings_is_an_input_like_any_other() -> None:
    def program() -> None:
        model = pulumi.Output.from_input("bert")
        settings = pulumi.Output.from_input({"gpu": ["H100", "A100"]})
        pulumi_modal.App(
            "llm",
            source="llm.py",
            environment="dev",
            overrides={"serve": {"env": {"MODEL": model}}},
            settings=settings,  # type: ignore[arg-type]  # an output of a plain map
        )

    inputs = inputs_of(declared_by(program), "llm")
    assert inputs["functions"] == {"serve": {"env": {"MODEL": "bert"}}}
    assert inputs["settings"] == {"gpu": ["H100", "A100"]}


@pytest.mark.parametrize("plan", [PLAN, None], ids=["planned", "not planned"])
def test_an_app_has_all_of_its_outputs(plan: Any) -> None:
    def program() -> pulumi.Output[dict[str, Any]]:
        app = pulumi_modal.App("llm", source="llm.py", environment="dev", plan=plan)
        return pulumi.Output.all(**{name: getattr(app, name) for name in OUTPUTS})

    assert declared_by(program, **OUTPUTS).answer == OUTPUTS


def test_an_app_can_follow_another_resource() -> None:
    def program() -> None:
        environment = pulumi_modal.Environment("dev")
        pulumi_modal.App("llm", source="llm.py", environment=environment.name, plan=PLAN)

    assert inputs_of(declared_by(program), "llm")["environment"] == "dev"


def test_an_environment_is_called_as_its_resource_unless_it_is_named() -> None:
    def program() -> None:
        pulumi_modal.Environment("dev")
        pulumi_modal.Environment("other", name="prod", workspace="acme")

    declared = declared_by(program)
    assert declared.types()["dev"] == "pulumi-python:dynamic/modal:Environment"
    assert inputs_of(declared, "dev") == {"name": "dev", "workspace": "local"}
    assert inputs_of(declared, "other") == {"name": "prod", "workspace": "acme"}


def test_an_environment_tells_whether_it_was_there() -> None:
    def program() -> pulumi.Output[bool]:
        return pulumi_modal.Environment("dev").adopted

    assert declared_by(program, adopted=True).answer is True


def test_the_package_has_what_it_promises_and_nothing_else() -> None:
    found = {name: getattr(pulumi_modal, name).__name__ for name in pulumi_modal.__all__}
    assert found == {name: name for name in pulumi_modal.__all__}
    assert {"App", "Environment", "GpuVariants", "InferenceService"} <= set(found)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        getattr(pulumi_modal, "Nothing")  # noqa: B009  # mypy knows that it is not there


def test_importing_the_package_loads_nothing() -> None:
    code = (
        "import sys, pulumi_modal;"
        " print(sorted(n for n in sys.modules if n.startswith(('pulumi', 'modal'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['pulumi_modal']"
