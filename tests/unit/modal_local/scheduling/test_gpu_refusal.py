"""GPUs that Modal has, and how others are refused."""

from __future__ import annotations

import pytest
from modal_proto import api_pb2

from modal_local.scheduling.gpu import MAX_GPU_COUNTS, gpu_refusal, gpu_text


def refusal(name: str, count: int = 1) -> str | None:
    return gpu_refusal(api_pb2.GPUConfig(gpu_type=name, count=count))


@pytest.mark.parametrize(("name", "most"), MAX_GPU_COUNTS.items())
def test_every_gpu_is_accepted_up_to_its_maximum(name: str, most: int) -> None:
    assert refusal(name, 1) is None
    assert refusal(name.lower(), most) is None
    told = refusal(name, most + 1)
    assert told is not None
    assert f"{name}:{most}" in told


def test_no_gpu_is_fine() -> None:
    assert gpu_refusal(api_pb2.GPUConfig()) is None


@pytest.mark.parametrize(
    ("name", "near"), [("H10", "H100"), ("A100-80", "A100-80GB"), ("L40", "L40S"), ("H2O0", "H200")]
)
def test_an_unknown_gpu_is_refused_with_the_nearest(name: str, near: str) -> None:
    told = refusal(name)
    assert told is not None
    assert f"Did you mean {near}?" in told


def test_any_is_refused() -> None:
    told = refusal("any")
    assert told is not None
    assert "name one" in told


def test_a_count_of_nothing_is_refused() -> None:
    told = refusal("H100", 0)
    assert told is not None
    assert "leave gpu out" in told


def test_requests_read_as_people_write_them() -> None:
    assert gpu_text(api_pb2.GPUConfig(gpu_type="H100", count=2)) == "H100:2"
    assert gpu_text(api_pb2.GPUConfig(gpu_type="H100", count=1)) == "H100"
    assert gpu_text(api_pb2.GPUConfig()) == ""
