"""A program of Pulumi's ends with its engine, and takes its host along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

PRELUDE = Path(__file__).parents[3] / "engine" / "language" / "end_with_engine.py"
WAIT = "\nimport signal, sys\nprint('runs', flush=True)\nsignal.pause()\n"
HOST = "import subprocess, sys; subprocess.run([sys.executable, sys.argv[1]])"
DEADLINE_S = 30


@contextmanager
def waiting(*command: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A process of a test, which ends at the latest with the block."""
    with subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "runs\n"
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def program(tmp_path: Path) -> str:
    """A runner as set-up makes it, over a program that never ends."""
    (tmp_path / "runner.py").write_text(PRELUDE.read_text() + WAIT)
    return str(tmp_path / "runner.py")


def test_program_and_host_end_when_the_engine_is_killed(program: str) -> None:
    with (
        waiting("-c", WAIT) as engine,
        waiting("-c", HOST, program, PULUMI_MODAL_ENGINE_PID=str(engine.pid)) as host,
    ):
        (child,) = psutil.Process(host.pid).children()
        engine.kill()
        assert host.wait(DEADLINE_S) == -signal.SIGTERM
        assert psutil.wait_procs([child], timeout=DEADLINE_S)[1] == []


def test_without_an_engine_to_watch_the_program_just_runs(program: str) -> None:
    with waiting(program) as process:
        assert process.poll() is None
        assert len(psutil.Process(process.pid).threads()) == 1
