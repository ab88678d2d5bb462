"""What is taken from the state of a stack, and what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.commands import drift_state
from pulumi_modal.commands.drift_state import Recorded, StateUnread, project_folder

MARK = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def a_resource(noun: str, name: str, **more: Any) -> dict[str, Any]:
    """A resource as an export writes it."""
    return {
        "urn": f"urn:pulumi:dev::project::pulumi-python:dynamic/modal:{noun}::{name}",
        "type": f"pulumi-python:dynamic/modal:{noun}",
        "id": f"dev/{name}",
        **more,
    }


def read(*resources: dict[str, Any]) -> list[Recorded]:
    """The Modal resources of a state with these."""
    return list(drift_state._resources({"deployment": {"resources": list(resources)}}))


def test_only_what_should_be_there_is_looked_at() -> None:
    found = read(
        {"urn": "urn:pulumi:dev::p::pulumi:pulumi:Stack::s", "type": "pulumi:pulumi:Stack"},
        a_resource("App", "llm", inputs={"__provider": "x", "tag": "a"}, outputs={"app_id": "ap"}),
        a_resource("App", "old", delete=True),
        a_resource("Secret", "looked-up", external=True),
    )
    assert [(one.noun, one.name, one.id) for one in found] == [("App", "llm", "dev/llm")]
    assert found[0].inputs == {"tag": "a"}
    assert found[0].outputs == {"app_id": "ap"}


def test_a_stack_that_was_never_deployed_has_none() -> None:
    assert list(drift_state._resources({"version": 3, "deployment": {}})) == []


@pytest.mark.parametrize(
    ("sealed", "value"),
    [
        pytest.param({**MARK, "plaintext": json.dumps({"A": "x"})}, {"A": "x"}, id="decrypted"),
        pytest.param({**MARK, "ciphertext": "v1:abc"}, None, id="encrypted"),
    ],
)
def test_a_secret_is_opened_and_its_path_is_kept(sealed: dict[str, Any], value: Any) -> None:
    (found,) = read(a_resource("Secret", "hf", inputs={"values": sealed, "list": [1, sealed]}))
    assert found.inputs == {"values": value, "list": [1, value]}
    assert found.secret == {"values", "list[1]"}


def test_the_project_is_found_from_a_folder_of_it(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    below = tmp_path / "services" / "deep"
    below.mkdir(parents=True)
    assert project_folder(below) == tmp_path


def test_a_folder_of_no_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateUnread, match=rf"no Pulumi\.yaml in {tmp_path} or above it"):
        project_folder(tmp_path)


def test_without_pulumi_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(StateUnread, match="no `pulumi` on PATH"):
        drift_state.recorded("dev", tmp_path)
