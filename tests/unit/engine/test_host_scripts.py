"""The two scripts that Pulumi starts: which Python runs the program, and which the provider."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[3] / "engine"
SAY = '#!/bin/sh\necho "$0 $*"\n'


def a_program(path: Path) -> Path:
    """A program that says how it was started."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SAY)
    path.chmod(0o755)
    return path


def run(script: Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Start it as Pulumi does, with the address of its engine; PATH holds nothing."""
    return subprocess.run(
        [str(script), "127.0.0.1:1"],
        cwd=cwd,
        env={"PATH": "", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("project", "flags"),
    [
        pytest.param("    virtualenv: .venv\n", "-virtualenv=.venv", id="declared"),
        pytest.param('    virtualenv: "my-env" # why\n', "-virtualenv=my-env", id="quoted"),
        pytest.param("    virtualenv: ../shared", "-virtualenv=../shared", id="no newline at end"),
        pytest.param("runtime: python\n", "", id="not declared"),
        pytest.param(None, "", id="no project"),
    ],
)
def test_a_program_runs_in_the_environment_that_its_project_declares(
    tmp_path: Path, project: str | None, flags: str
) -> None:
    shutil.copy(ENGINE / "language" / "pulumi-language-python", tmp_path)
    a_program(tmp_path / "pulumi-language-python-go")
    folder = tmp_path / "project"
    folder.mkdir()
    if project is not None:
        (folder / "Pulumi.yaml").write_text(f"name: x\n{project}")
    result = run(tmp_path / "pulumi-language-python", folder)
    expected = [f"-root={folder}", flags, "127.0.0.1:1"] if flags else ["127.0.0.1:1"]
    assert result.stdout.split()[1:] == expected


@pytest.mark.parametrize(
    ("variables", "used"),
    [
        pytest.param({}, ".venv", id="this project's own"),
        pytest.param({"VIRTUAL_ENV": "active"}, "active", id="the activated one"),
        pytest.param(
            {"VIRTUAL_ENV": "active", "PULUMI_RUNTIME_VIRTUALENV": "named"},
            "named",
            id="the one that pulumi names",
        ),
    ],
)
def test_the_provider_runs_unbuffered_in_the_environment_in_force(
    tmp_path: Path, variables: dict[str, str], used: str
) -> None:
    host = tmp_path / "engine" / "host" / "pulumi-resource-pulumi-python"
    host.parent.mkdir(parents=True)
    shutil.copy(ENGINE / "host" / host.name, host)
    (tmp_path / "Pulumi.yaml").touch()
    for folder in (".venv", "active", "named"):
        a_program(tmp_path / folder / "bin" / "python")
    places = {name: str(tmp_path / folder) for name, folder in variables.items()}
    result = run(host, Path("/"), **places)
    python = tmp_path / used / "bin" / "python"
    assert result.stdout == f"{python} -u -m pulumi_modal.host 127.0.0.1:1\n"


def test_a_missing_environment_is_told_in_a_sentence(tmp_path: Path) -> None:
    host = tmp_path / "engine" / "host" / "pulumi-resource-pulumi-python"
    host.parent.mkdir(parents=True)
    shutil.copy(ENGINE / "host" / host.name, host)
    (tmp_path / "Pulumi.yaml").touch()
    result = run(host, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert f"there is no Python at {tmp_path / '.venv' / 'bin' / 'python'}: " in result.stderr
    assert "make setup" in result.stderr
