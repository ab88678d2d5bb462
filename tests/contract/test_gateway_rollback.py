"""An older version serves again, in memory and on a real local Modal."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modal.errors import Refused
from tests.fakes.worlds import World, deployed, two


@pytest.mark.parametrize("strategy", ["rolling", "recreate"])
def test_a_rollback_is_a_version_more_with_the_settings_of_the_older_one(
    world: World, environment: str, tmp_path: Path, strategy: str
) -> None:
    app = deployed(world, two(tmp_path, environment, timeout=10))
    deployed(world, two(tmp_path, environment, timeout=20))
    before = world.gateway.find(app)
    assert before is not None
    world.gateway.rollback(app, before.app_id, 1, strategy)
    now = world.gateway.find(app)
    assert now is not None
    assert (now.app_id, now.version) == (before.app_id, 3)
    found = world.gateway.function(app, "answer")
    assert found is not None
    assert found.settings["timeout"] == 10


def test_a_rollback_to_no_version_is_refused(
    world: World, environment: str, tmp_path: Path
) -> None:
    app = deployed(world, two(tmp_path, environment))
    found = world.gateway.find(app)
    assert found is not None
    with pytest.raises(Refused, match=f"rolling {app} back to version 7: "):
        world.gateway.rollback(app, found.app_id, 7, "rolling")
