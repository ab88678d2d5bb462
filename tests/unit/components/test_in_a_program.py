"""`InferenceService` and `GpuVariants` in a program that declares them itself."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from pulumi_modal import GpuVariants, InferenceService
from pulumi_modal.provider.app_owner import OWNER
from pulumi_modal.provider.props import PROVIDER_KEY
from tests.fakes.pulumi_mocks import Declared, declared_by

COMPUTED = {"url": "https://x", "app_id": "ap-1", "version": 3}
WHERE = {"source": "llm.py", "environment": "dev", "workspace": "acme"}


def said(declared: Declared, name: str) -> dict[str, Any]:
    """What the app of this name is declared with."""
    inputs = declared.resources[name].inputs
    beside = (PROVIDER_KEY, OWNER)
    return {name: one for name, one in inputs.items() if name not in beside and one is not None}


def test_a_service_is_an_app_with_its_settings() -> None:
    def program() -> None:
        InferenceService(
            "llm",
            source="llm.py",
            environment="dev",
            workspace="acme",
            functions={"Model": {"gpu": "H100", "env": {"A": pulumi.Output.from_input("1")}}},
            pattern="stateful",
            probe={"path": "/health"},
            max_containers=4,
        )

    declared = declared_by(program)
    assert declared.types() == {"llm": "pulumi-python:dynamic/modal:App"}
    assert said(declared, "llm") == {
        **WHERE,
        "app_name": "llm",
        "functions": {"Model": {"gpu": "H100", "env": {"A": "1"}}},
        "settings": {"max_containers": 4},
        "pattern": "stateful",
        "probe": {"path": "/health"},
    }


@pytest.mark.parametrize(
    ("functions", "gpu", "max_in_flight"),
    [
        pytest.param({"Model": {"gpu": "H100", "max_containers": 2}}, "H100", 2, id="declared"),
        pytest.param(None, "none", None, id="nothing known"),
    ],
)
def test_a_service_has_its_outputs_under_mocks_too(
    functions: Any, gpu: str, max_in_flight: int | None
) -> None:
    def program() -> dict[str, Any]:
        one = InferenceService("llm", source="llm.py", environment="dev", functions=functions)
        return one.outputs()

    assert declared_by(program, **COMPUTED).answer == {
        **COMPUTED,
        "environment": "dev",
        "gpu": gpu,
        "max_in_flight": max_in_flight,
        "functions": functions,
    }


def test_variants_lay_their_settings_over_the_services() -> None:
    def program() -> None:
        GpuVariants(
            "infer",
            source="llm.py",
            environment="dev",
            workspace="acme",
            functions={"Model": {"memory": "1Gi", "env": {"A": "1", "B": "1"}}},
            variants={
                "t4": {"gpu": "T4"},
                "h100": {"gpu": "H100", "functions": {"Model": {"env": {"B": "2"}}}},
            },
            gpu="L4",
            max_containers=2,
        )

    declared = declared_by(program)
    apps = {name for name, typ in declared.types().items() if typ.endswith(":App")}
    assert apps == {"infer-t4", "infer-h100"}
    assert said(declared, "infer-t4") == {
        **WHERE,
        "app_name": "infer-t4",
        "functions": {"Model": {"memory": "1Gi", "env": {"A": "1", "B": "1"}}},
        "settings": {"gpu": "T4", "max_containers": 2},
    }
    h100 = said(declared, "infer-h100")
    assert h100["functions"] == {"Model": {"memory": "1Gi", "env": {"A": "1", "B": "2"}}}
    assert h100["settings"]["gpu"] == "H100"


def test_variants_may_come_from_other_resources() -> None:
    def program() -> None:
        functions: Any = pulumi.Output.from_input({"Model": {"env": {"A": "1"}}})
        limits: Any = pulumi.Output.from_input({"Model": {"env": {"B": "2"}}})
        GpuVariants(
            "infer",
            source="llm.py",
            environment="dev",
            functions=functions,
            variants={"t4": {"functions": limits}, "l4": {"functions": {"Model": {"gpu": "L4"}}}},
        )

    declared = declared_by(program)
    both = {"Model": {"env": {"A": "1", "B": "2"}}}
    assert said(declared, "infer-t4")["functions"] == both
    assert said(declared, "infer-l4")["functions"]["Model"] == {"gpu": "L4", "env": {"A": "1"}}
