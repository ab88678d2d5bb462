"""What a killed server left behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from modal_local.supervisor.leftovers import end_leftovers


def a_process(task_id: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["sleep", "600"],  # noqa: S607 - any program that waits
        env={"PATH": os.environ["PATH"], "MODAL_TASK_ID": task_id},
        start_new_session=True,
    )


def test_processes_of_a_dead_server_are_ended_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "ta-left-behind").mkdir()
    ours, other = a_process("ta-left-behind"), a_process("ta-of-another-server")
    try:
        assert end_leftovers(tmp_path) == 1
        ours.wait(timeout=10)
        assert (ours.poll() is None, other.poll() is None) == (False, True)
        assert list(tmp_path.iterdir()) == []
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()


def test_a_first_start_has_no_leftovers(tmp_path: Path) -> None:
    assert end_leftovers(tmp_path / "none") == 0
