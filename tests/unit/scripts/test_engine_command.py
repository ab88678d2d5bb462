"""Pulumi as the scripts run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.engine_command import environment
from scripts.places import BIN

ROOT = Path(__file__).parents[3]
STUBBORN = """
import signal, sys
heard = []
def hear(*_):
    heard.append(1)
    print("heard", len(heard), flush=True)
    if len(heard) == 2:
        sys.exit(8)
signal.signal(signal.SIGINT, hear)
print("ready", flush=True)
while True:
    signal.pause()
"""
RUN = (
    "import sys; from scripts.engine_command import run_to_its_end;"
    f"sys.exit(run_to_its_end([sys.executable, '-c', {STUBBORN!r}]))"
)


def test_ctrl_c_ends_the_command_by_its_own_means_only() -> None:
    """As in a terminal, both hear it: Pulumi cancels at the first, and gives up at the second."""
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for number in (1, 2):
            os.killpg(process.pid, signal.SIGINT)
            assert process.stdout.readline() == f"heard {number}\n"
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (8, "")


@pytest.mark.parametrize(
    ("variables", "phrase"),
    [
        pytest.param({}, "", id="nothing set: empty"),
        pytest.param({"PULUMI_CONFIG_PASSPHRASE": "own"}, "own", id="one's own"),
        pytest.param({"PULUMI_CONFIG_PASSPHRASE_FILE": "f"}, None, id="one's own file"),
    ],
)
def test_a_passphrase_of_ones_own_wins(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], phrase: str | None
) -> None:
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    assert environment().get("PULUMI_CONFIG_PASSPHRASE") == phrase


def test_programs_of_this_project_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    assert environment()["PATH"].split(os.pathsep) == [str(BIN), "/usr/bin"]
