"""`FunctionAutoscaler` over a real local Modal, on an app that the stock SDK deploys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import modal
import pytest

from pulumi_modal.errors import NotFound, Refused
from pulumi_modal.provider.function_autoscaler import FunctionAutoscalerProvider
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.operations import Managed
from tests.fakes.places import a_place

SOURCE = """
import modal
app = modal.App("llm")

@app.function(max_containers={limit})
def answer():
    return {answer}

@app.cls(scaledown_window=120)
class Model:
    @modal.method()
    def predict(self):
        return 1
"""


@pytest.fixture
def place(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    with a_place(server, tmp_path, monkeypatch) as environment:
        deploy(server, tmp_path, environment)
        yield {
            "app_name": "llm",
            "function": "answer",
            "environment": environment,
            "workspace": "local",
        }


def deploy(
    server: LocalModalServer, folder: Path, environment: str, answer: int = 1, limit: int = 4
) -> None:
    path = folder / "llm.py"
    path.write_text(SOURCE.format(answer=answer, limit=limit))
    server.deploy(path, environment=environment)


def bounds(server: LocalModalServer, place: dict[str, Any]) -> dict[str, Any]:
    """What the stock SDK tells of the function's bounds."""
    with server.client() as client:
        function = modal.Function.from_name(
            "llm", "answer", environment_name=place["environment"], client=client
        )
        told = function.autoscaler.settings()
        names = ("min_containers", "max_containers", "buffer_containers", "scaledown_window")
        return {name: getattr(told, name) for name in names if getattr(told, name)}


def test_bounds_hold_at_once_and_a_delete_brings_the_deploys_own_back(
    server: LocalModalServer, place: dict[str, Any]
) -> None:
    before = bounds(server, place)
    scaler = Managed(FunctionAutoscalerProvider())
    outs = scaler.up(**place, max_containers=9, scaledown_window=300)
    assert bounds(server, place) == {**before, "max_containers": 9, "scaledown_window": 300}
    assert scaler.id == f"{place['environment']}/llm/answer"
    assert outs["deployed"]["max_containers"] == 4
    assert outs["in_force"]["max_containers"] == 9

    scaler.up(**place, max_containers=8, buffer_containers=1)
    now = bounds(server, place)
    assert (now["max_containers"], now["buffer_containers"]) == (8, 1)
    assert now["scaledown_window"] == 60

    scaler.destroy()
    assert bounds(server, place)["max_containers"] == 4
    FunctionAutoscalerProvider().delete("x", {**outs, "app_name": "gone"})


def test_a_redeploy_wipes_the_bounds_and_the_next_up_sets_them_again(
    server: LocalModalServer, place: dict[str, Any], tmp_path: Path
) -> None:
    scaler = Managed(FunctionAutoscalerProvider())
    scaler.up(**place, max_containers=9)
    inputs = scaler.inputs
    assert scaler.refresh()
    assert scaler.inputs == inputs
    deploy(server, tmp_path, place["environment"], answer=2)
    assert bounds(server, place)["max_containers"] == 4
    assert scaler.refresh()
    assert scaler.inputs == {**place, "max_containers": 4}
    scaler.up(**place, max_containers=9)
    assert bounds(server, place)["max_containers"] == 9


def test_a_bound_that_is_dropped_goes_back_to_the_deploy_that_is_live(
    server: LocalModalServer, place: dict[str, Any], tmp_path: Path
) -> None:
    scaler = Managed(FunctionAutoscalerProvider())
    scaler.up(**place, max_containers=9, scaledown_window=300)
    deploy(server, tmp_path, place["environment"], limit=6)
    scaler.up(**place, scaledown_window=200)
    now = bounds(server, place)
    assert (now["max_containers"], now["scaledown_window"]) == (6, 200)


def test_a_class_has_bounds_and_an_import_finds_those_that_were_set(place: dict[str, Any]) -> None:
    said = {**place, "function": "Model"}
    scaler = Managed(FunctionAutoscalerProvider())
    outs = scaler.up(**said, max_containers=2)
    assert outs["deployed"] == {"scaledown_window": 120}
    taken = Managed(FunctionAutoscalerProvider())
    taken.take(scaler.id)
    assert (taken.inputs, taken.outs) == (scaler.inputs, scaler.outs)
    scaler.destroy()
    assert taken.refresh()
    assert taken.inputs == said  # no limit again


def test_what_is_not_deployed_has_no_bounds(
    server: LocalModalServer, place: dict[str, Any]
) -> None:
    with pytest.raises(NotFound, match=r"nobody of .*/llm: is not deployed; deploy the app first"):
        Managed(FunctionAutoscalerProvider()).up(
            **{**place, "function": "nobody"}, max_containers=1
        )
    scaler = Managed(FunctionAutoscalerProvider())
    scaler.up(**place, max_containers=3)
    server.modal("app", "stop", "llm", "--yes", "--env", place["environment"])
    assert not scaler.refresh()


def test_bounds_that_do_not_fit_the_code_are_refused_by_modal(place: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"scaling answer of .*/llm: .*min_containers"):
        Managed(FunctionAutoscalerProvider()).up(**place, min_containers=5)


@pytest.mark.parametrize(
    ("said", "key", "reason"),
    [
        pytest.param({}, "min_containers", "no bound is set", id="none"),
        pytest.param(
            {"min_containers": 3, "max_containers": 2}, "min_containers", "3 is above", id="order"
        ),
        pytest.param({"scaledown_window": 1}, "scaledown_window", "below 2", id="too short"),
        pytest.param({"max_containers": "2"}, "max_containers", "did you mean 2?", id="a string"),
    ],
)
def test_bounds_that_cannot_be_are_told_at_preview(
    said: dict[str, Any], key: str, reason: str
) -> None:
    place = {"app_name": "llm", "function": "f", "environment": "dev", "workspace": "local"}
    refusals = Managed(FunctionAutoscalerProvider()).refusals(**place, **said)
    assert reason in refusals[key]


def test_a_bound_is_changed_in_place_and_another_function_is_another_autoscaler(
    place: dict[str, Any],
) -> None:
    scaler = Managed(FunctionAutoscalerProvider())
    scaler.up(**place, max_containers=3)
    assert scaler.replaces(**place, max_containers=4) == []
    assert any("no new version" in said for said in scaler.said)
    assert scaler.replaces(**{**place, "function": "Model"}, max_containers=3) == ["function"]
