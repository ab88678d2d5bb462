"""`pulumi-modal host install`: the script, and the lines that name it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from pulumi_modal.commands.main import app

SCRIPT = "pulumi-resource-pulumi-python"
COMMITTED = Path(__file__).parents[4] / "engine" / "host" / SCRIPT


def test_the_script_of_this_project_is_put_there_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "host"
    result = CliRunner().invoke(app, ["host", "install", str(folder)])
    assert result.exit_code == 0, result.output
    assert (folder / SCRIPT).read_text() == COMMITTED.read_text()
    assert os.access(folder / SCRIPT, os.X_OK)
    (named,) = YAML(typ="safe").load(result.stdout)["plugins"]["providers"]
    assert named == {"name": "pulumi-python", "path": folder.as_posix()}
    again = CliRunner().invoke(app, ["host", "install", str(folder), "--json"])
    assert json.loads(again.stdout) == {"plugins": {"providers": [named]}}


def test_a_folder_that_cannot_be_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(app, ["host", "install", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "made"),
    [
        pytest.param({}, ".venv", id="beside Pulumi.yaml"),
        pytest.param({"VIRTUAL_ENV": "{root}/active"}, "active", id="activated"),
        pytest.param(
            {"VIRTUAL_ENV": "{root}/active", "PULUMI_RUNTIME_VIRTUALENV": "named"},
            "named",
            id="named by Pulumi",
        ),
        pytest.param({"PATH": "{root}/path/bin:/usr/bin:/bin"}, "path", id="on PATH"),
    ],
)
def test_the_script_finds_the_python_of_its_project(
    tmp_path: Path, variables: dict[str, str], made: str
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("")
    folder = tmp_path / "deep" / "er" / "host"
    CliRunner().invoke(app, ["host", "install", str(folder)])
    name = "python3" if made == "path" else "python"
    python = tmp_path / made / "bin" / name
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$0" "$@"\n')
    python.chmod(0o755)
    environ = {key: value.format(root=tmp_path) for key, value in variables.items()}
    done = subprocess.run(
        [folder / SCRIPT, "127.0.0.1:9"],
        env={"PATH": os.defpath, **environ},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    program, *arguments = done.stdout.split()
    assert tmp_path / program == python
    assert arguments == ["-u", "-m", "pulumi_modal.host", "127.0.0.1:9"]


def test_the_script_says_where_it_looked(tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMITTED],
        env={"PATH": os.defpath, "VIRTUAL_ENV": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"there is no Python at {tmp_path}/bin/python: " in done.stderr
