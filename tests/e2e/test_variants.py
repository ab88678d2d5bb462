"""One file on several GPUs is several apps, each with limits, a URL and outputs of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.fakes.pulumi_project import PulumiProject

pytestmark = pytest.mark.timeout(300)

INFER: dict[str, Any] = {
    "source": "services/moody.py",
    "max_inputs": 8,
    "variants": {
        "t4": {"gpu": "T4", "max_inputs": 2, "max_containers": 1},
        "a100": {"gpu": "A100-80GB", "max_containers": 2},
        "h100": {"gpu": "H100!", "max_containers": 4},
    },
}


@pytest.fixture(scope="module")
def project(project_in: Callable[[str], PulumiProject]) -> PulumiProject:
    made = project_in("variants")
    made.source("moody.py", "mood.py")
    made.declare(infer=INFER)
    made.up()
    return made


def test_each_variant_is_an_app_with_its_own_gpu_and_limits(project: PulumiProject) -> None:
    services = project.outputs()["services"]
    found = {name: (one["gpu"], one["max_in_flight"]) for name, one in services.items()}
    assert found == {
        "infer-t4": ("T4", 2),
        "infer-a100": ("A100-80GB", 16),
        "infer-h100": ("H100!", 32),
    }
    for key in ("app_id", "url"):
        assert len({one[key] for one in services.values()}) == 3
    for one in services.values():
        assert httpx.get(one["url"], timeout=60).text == "that is how it is"


def test_a_change_of_one_variant_touches_no_other(project: PulumiProject) -> None:
    variants = {**INFER["variants"], "t4": {"gpu": "L4", "max_inputs": 2, "max_containers": 1}}
    project.declare(infer={**INFER, "variants": variants})
    preview = project.preview()
    project.declare(infer=INFER)
    assert [step.name for step in preview.steps] == ["infer-t4"]
    assert preview.step("infer-t4").changes == {"functions.web.gpu": "update"}
