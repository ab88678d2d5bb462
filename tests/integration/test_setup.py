"""`scripts/setup` on this checkout, with a state and a Pulumi home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEADLINE_S = 110
STACKS = {"dev", "staging", "prod"}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """No other state is touched, and no choice of the person who tests is in force."""
    (tmp_path / "state").mkdir()
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PULUMI_")}
    return {
        **kept,
        "PATH": f"{sys.prefix}/bin{os.pathsep}{kept['PATH']}",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def run(command: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run in the project's folder."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def set_up(environ: dict[str, str]) -> str:
    """What set-up says, once all is installed."""
    done = run([str(ROOT / "scripts" / "setup")], environ)
    assert done.returncode == 0, done.stderr
    return done.stderr


def stacks(environ: dict[str, str]) -> dict[str, bool]:
    """The stacks, and which one is selected."""
    listed = run(["pulumi", "stack", "ls", "--json"], environ)
    return {stack["name"]: bool(stack["current"]) for stack in json.loads(listed.stdout)}


def test_set_up_creates_every_stack_and_selects_dev(environ: dict[str, str]) -> None:
    before = {path: path.read_bytes() for path in (ROOT / "stacks").iterdir()}
    said = set_up(environ)
    assert all(f"Stack {name} is created." in said for name in STACKS)
    assert stacks(environ) == {name: name == "dev" for name in STACKS}
    assert {path: path.read_bytes() for path in (ROOT / "stacks").iterdir()} == before


def test_set_up_again_changes_nothing_and_keeps_the_selection(environ: dict[str, str]) -> None:
    set_up(environ)
    assert run(["pulumi", "stack", "select", "staging"], environ).returncode == 0
    assert set_up(environ).splitlines() == [
        "Ready. `make up`, or: . .venv/bin/activate && pulumi preview -s dev"
    ]
    assert stacks(environ) == {name: name == "staging" for name in STACKS}


def test_a_backend_that_cannot_be_reached_is_told_and_named(
    environ: dict[str, str], tmp_path: Path
) -> None:
    elsewhere = {**environ, "PULUMI_BACKEND_URL": f"file://{tmp_path / 'nowhere'}"}
    done = run([str(ROOT / "scripts" / "setup")], elsewhere)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the stacks cannot be listed" in done.stderr
    assert "nowhere" in done.stderr


@pytest.mark.parametrize("verb", ["up", "down"])
def test_an_unknown_stack_is_refused_with_those_there_are(
    environ: dict[str, str], verb: str
) -> None:
    done = run([sys.executable, "-m", f"scripts.{verb}", "qa"], environ)
    assert done.returncode == 1
    assert done.stderr == ("error: there is no stack qa: STACK is one of dev, prod, staging\n")
