"""A local Modal of another workspace's name: for programs with several, and for a name's sake."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from modal_local.errors import LocalModalError
from modal_local.settings import WORKSPACE_VARIABLE, Home, claim_access, read_access
from pulumi_modal.gateway.credentials import find_credentials


def claimed(home: Home) -> str:
    """The workspace that a server of this folder would be."""
    access, listener = claim_access(home)
    listener.close()
    return access.workspace


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "modal")
    made.make()
    return made


def test_a_workspace_is_called_local_unless_it_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WORKSPACE_VARIABLE, raising=False)
    assert claimed(home) == "local"
    assert list(tomllib.loads(home.config.read_text())) == ["local"]


def test_a_name_is_kept_and_found_as_a_profile(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKSPACE_VARIABLE, "acme-2.x")
    assert claimed(home) == "acme-2.x"
    monkeypatch.delenv(WORKSPACE_VARIABLE)
    assert claimed(home) == "acme-2.x"
    access = read_access(home)
    assert access is not None
    environ = {"MODAL_CONFIG_PATH": str(home.config)}
    (found,) = find_credentials("acme-2.x", home.path, environ)
    assert (found.server_url, found.token_secret) == (access.server_url, access.token_secret)


def test_a_folder_does_not_change_its_name(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKSPACE_VARIABLE, "acme")
    claimed(home)
    monkeypatch.setenv(WORKSPACE_VARIABLE, "other")
    with pytest.raises(LocalModalError, match="is the workspace acme, but MODAL_LOCAL_WORKSPACE"):
        claimed(home)
