"""`scripts/setup` finds a Python that will do, or says which one it needs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[3] / "scripts" / "setup"
GOOD = 'case $1 in -c) exit 0;; *) echo "handed over: $*";; esac'
OLD = 'case $2 in *version_info*) exit 1;; *) echo "handed over: $*";; esac'
BARE = 'case $2 in *ensurepip*) exit 1;; *version_info*) exit 0;; *) echo "handed over: $*";; esac'


def run(
    tmp_path: Path, pythons: dict[str, str], **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the script with these programs on PATH and no others."""
    for name, code in pythons.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{code}\n")
        (tmp_path / name).chmod(0o755)
    return subprocess.run(
        [str(SETUP), "--no-stacks"],
        env={"PATH": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "pythons",
    [
        pytest.param({"python3.11": GOOD}, id="the tested one"),
        pytest.param({"python3": GOOD}, id="the default one"),
        pytest.param({"python3.11": OLD, "python3": GOOD}, id="a broken one before it"),
        pytest.param({"python3": OLD, "python3.13": GOOD}, id="a newer one"),
    ],
)
def test_a_python_that_will_do_takes_over(tmp_path: Path, pythons: dict[str, str]) -> None:
    result = run(tmp_path, pythons)
    assert result.stdout == "handed over: -m scripts.install --no-stacks\n"
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("pythons", "why"),
    [
        pytest.param({}, "there is none on PATH", id="none"),
        pytest.param({"python3": OLD}, "python3 is older", id="an old one"),
        pytest.param({"python3": BARE}, "apt install python3-venv", id="one without venv"),
    ],
)
def test_without_one_a_sentence_says_why(tmp_path: Path, pythons: dict[str, str], why: str) -> None:
    result = run(tmp_path, pythons)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: Python 3.11 or newer is needed")
    assert why in result.stderr


def test_a_named_python_is_the_only_one_tried(tmp_path: Path) -> None:
    result = run(tmp_path, {"python3": GOOD, "mine": OLD}, PYTHON="mine")
    assert (result.returncode, "mine is older" in result.stderr) == (1, True)
