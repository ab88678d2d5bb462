"""What becomes of a call of a deployed function, in memory and on a real local Modal."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modal.errors import NotFound
from pulumi_modal.gateway.port import AppRef, CallOrder
from tests.fakes.worlds import World, deployed, two


@pytest.fixture
def app(world: World, environment: str, tmp_path: Path) -> AppRef:
    return deployed(world, two(tmp_path, environment))


@pytest.mark.parametrize("call", ["nothing", "Nothing.predict"])
def test_a_call_of_nothing_is_refused(world: World, app: AppRef, tmp_path: Path, call: str) -> None:
    with pytest.raises(NotFound, match=f"calling {call} of {app}: "):
        world.gateway.call(CallOrder(app, call, tmp_path))


def test_a_call_in_an_app_that_is_not_there_is_refused(
    world: World, environment: str, tmp_path: Path
) -> None:
    app = AppRef(environment, "nothing")
    with pytest.raises(NotFound, match=f"calling answer of {app}: "):
        world.gateway.call(CallOrder(app, "answer", tmp_path))
