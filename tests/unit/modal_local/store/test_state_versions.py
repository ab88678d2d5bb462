"""A state file of an older local Modal is brought up; one of a newer is left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from modal_local.errors import LocalModalError
from modal_local.settings import Home
from modal_local.store.database import Database
from modal_local.store.schema import STEPS, VERSION
from modal_local.store.store import Store


def an_old_state(path: Path) -> None:
    """What the first release has written."""
    connection = sqlite3.connect(path)
    connection.executescript(STEPS[0])
    connection.execute(
        "INSERT INTO environments (environment_id, name, web_suffix, image_builder_version,"
        " is_default, created_at) VALUES ('en-1', 'main', 'main', '2025.06', 1, 1.0)"
    )
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()


def tables(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    connection.close()
    return found


def test_an_older_state_is_brought_up_and_keeps_what_is_in_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    an_old_state(home.database)
    with Store(home) as store:
        assert store.environments.find("main").environment_id == "en-1"
        assert store.database.value("PRAGMA user_version") == VERSION


def test_an_older_state_becomes_what_a_new_one_is(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    an_old_state(Home(tmp_path / "old").database)
    for name in ("old", "new"):
        with Store(Home(tmp_path / name)):
            pass
    assert tables(tmp_path / "old" / "state.sqlite") == tables(tmp_path / "new" / "state.sqlite")


def test_a_newer_state_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = Home(tmp_path).database
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(LocalModalError, match="newer local Modal"), Database(path):
        pass
    assert tables(path) == {}
