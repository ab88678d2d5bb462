"""The two Modals that contracts hold on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.worlds import FakeWorld, World, a_new_environment, local_world


@pytest.fixture(scope="session", params=["memory", "local Modal"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    if request.param == "memory":
        yield FakeWorld()
    else:
        with local_world(tmp_path_factory.mktemp("contract")) as real:
            yield real


@pytest.fixture
def environment(world: World) -> str:
    return a_new_environment(world)
