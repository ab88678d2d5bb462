"""The `pulumi-modal` command line, without anything behind it."""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from typing import Any

import pytest
from typer.testing import CliRunner

from pulumi_modal.commands.main import app


class Replaced(Exception):
    """Where this process would have become another one."""


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What this process would have become."""
    seen: dict[str, Any] = {}

    def execve(program: str, command: list[str], variables: dict[str, str]) -> None:
        seen.update(program=program, command=command, variables=variables)
        raise Replaced

    monkeypatch.setattr(os, "execve", execve)
    return seen


def test_the_version_is_that_of_the_installed_package() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout.strip()) == (0, version("pulumi-modal"))


def test_the_version_can_be_had_as_json() -> None:
    result = CliRunner().invoke(app, ["--version", "--json"])
    assert json.loads(result.stdout) == {"version": version("pulumi-modal")}


def test_the_help_has_an_example_and_names_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert "pulumi-modal local start" in result.stdout
    assert all(str(command.name) in result.stdout for command in app.registered_commands)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="nothing to do"),
        pytest.param(["fly"], id="unknown command"),
        pytest.param(["--fly"], id="unknown option"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_nothing_on_stdout(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert arguments == [] or result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["start"], id="a command"),
        pytest.param(["logs", "infer-t4", "--follow", "-e", "dev"], id="options"),
        pytest.param(["status", "--help"], id="help of a command"),
        pytest.param(["--help"], id="help"),
        pytest.param(["--version"], id="an option of ours"),
        pytest.param([], id="nothing"),
    ],
)
def test_local_hands_everything_over_as_it_was_given(
    became: dict[str, Any], arguments: list[str]
) -> None:
    CliRunner().invoke(app, ["local", *arguments])
    assert became["command"] == [sys.executable, "-P", "-m", "modal_local", *arguments]


def test_local_keeps_the_environment_and_says_how_it_was_called(
    became: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODAL_LOCAL_HOME", "/somewhere")
    CliRunner().invoke(app, ["local", "start"], prog_name="pulumi-modal")
    assert became["variables"]["MODAL_LOCAL_HOME"] == "/somewhere"
    assert became["variables"]["MODAL_LOCAL_COMMAND"] == "pulumi-modal local"
