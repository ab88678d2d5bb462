"""The environment of a stack is a name, or a map with settings; both are read to the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.spec.stack import parse_stack
from tests.fakes.stacks import a_project, a_service, a_stack, paths


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return a_project(tmp_path)


def parsed(root: Path, environment: Any) -> Any:
    return parse_stack({**a_stack(a=a_service()), "environment": environment}, root)


def test_a_map_gives_a_name_and_settings(root: Path) -> None:
    written = {"name": "prod", "web_suffix": "", "restricted": True, "on_delete": "retain"}
    stack = parsed(root, written).stack
    assert stack.environment == "prod"
    assert stack.environment_settings.settings() == {
        "web_suffix": "",
        "restricted": True,
        "on_delete": "retain",
    }
    assert stack.canonical()["environment"] == written


@pytest.mark.parametrize("written", ["prod", {"name": "prod"}])
def test_a_name_alone_is_written_as_one(root: Path, written: Any) -> None:
    assert parsed(root, written).stack.canonical()["environment"] == "prod"


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ({"web_suffix": "x"}, ["environment"]),
        ({"name": "en-x"}, ["environment.name"]),
        ({"name": "prod", "web_suffix": "Not_Good"}, ["environment.web_suffix"]),
        ({"name": "prod", "suffix": "x"}, ["environment.suffix"]),
        ({"name": "prod", "default_role": "viewer"}, ["environment.default_role"]),
        ({"name": "prod", "roles": {"users": {"a": "viewer"}}}, ["environment.roles.users"]),
        ({"name": "prod", "roles": {"people": {}}}, ["environment.roles.people"]),
        ({"name": "prod", "on_delete": "never"}, ["environment.on_delete"]),
        (["prod"], ["environment"]),
    ],
)
def test_what_is_wrong_is_told_with_its_path(root: Path, written: Any, where: list[str]) -> None:
    found = parsed(root, written)
    assert found.stack is None
    assert paths(found.problems) == where


def test_settings_have_no_other_door(root: Path) -> None:
    found = parse_stack({**a_stack(), "environment_settings": {"name": "x"}}, root)
    assert paths(found.problems) == ["environment_settings"]
