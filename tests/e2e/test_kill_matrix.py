"""A part of the kill matrix, on every run: `make kill-matrix` tries every step there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.fakes.local_modal import local_modal
from tests.killmatrix.breakage import CLI, LOST, PROVIDER, REFUSED, SERVER, Breakage
from tests.killmatrix.chain import OPERATIONS
from tests.killmatrix.fleet import Fleet
from tests.killmatrix.steps import Moment, Point, Process, Step
from tests.killmatrix.trial import Case, attempt

pytestmark = pytest.mark.timeout(900)


def child(rpc: str, moment: Moment = Moment.BEFORE, number: int = 1) -> Point:
    return Point(Step(rpc, number, Process.CHILD), moment)


def provider(rpc: str, moment: Moment = Moment.BEFORE, number: int = 1) -> Point:
    return Point(Step(rpc, number, Process.PROVIDER), moment)


CREATE = (
    provider("EnvironmentCreate"),
    child("AppCreate"),
    child("FunctionCreate"),
    child("AppPublish"),
    child("AppPublish", Moment.AFTER),
    provider("FunctionGet"),
)
UPDATE = (child("FunctionPrecreate"), child("AppPublish"), child("AppPublish", Moment.AFTER))
DELETE = (
    provider("AppStop"),
    provider("AppStop", Moment.AFTER),
    provider("EnvironmentDelete"),
    provider("EnvironmentDelete", Moment.AFTER),
)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("killed")
    with local_modal(folder) as server:
        yield Fleet(folder / "fleet", server, size=len(CREATE))


def problems(
    fleet: Fleet, version: int, broken: Sequence[tuple[Breakage, Sequence[Point]]]
) -> dict[str, list[str]]:
    cases = [Case(breakage, point) for breakage, points in broken for point in points]
    result = attempt(fleet, version, dict(zip(fleet.cases, cases, strict=False)))
    if result.problems:
        print("\n".join(result.said))  # noqa: T201 - pytest shows it
    return result.problems


def test_an_operation_that_is_broken_anywhere_converges_with_one_up(fleet: Fleet) -> None:
    """One after the other, for each is on what the one before has made."""
    assert problems(fleet, OPERATIONS["create"], [(CLI, CREATE)]) == {}
    assert problems(fleet, 2, [(SERVER, UPDATE)]) == {}
    rpcs = [point for point in UPDATE if point.moment is Moment.BEFORE]
    assert problems(fleet, 3, [(REFUSED, rpcs), (LOST, rpcs)]) == {}
    assert problems(fleet, OPERATIONS["delete"], [(PROVIDER, DELETE)]) == {}


def test_the_report_is_of_all_operations() -> None:
    page = (Path(__file__).parents[2] / "docs" / "kill-matrix.md").read_text("utf-8")
    for operation in ("The first call", "Create", "Update", "Delete"):
        assert f"\n## {operation}" in page
    assert "WRONG" not in page.partition("\n## ")[2]
