"""What a command uses is seen while it runs: its own children's, and the local Modal's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measurement import BenchmarkFailed
from benchmarks.programs import services_config
from benchmarks.usage import sampled

BURN = "import time\nwhile time.process_time() < 1: pass\ninput()"


def a_local_modal(home: Path, pid: int) -> Path:
    home.mkdir()
    (home / "server.json").write_text(json.dumps({"pid": pid}))
    return home


def test_cpu_time_of_a_command_is_seen(tmp_path: Path) -> None:
    home = a_local_modal(tmp_path / "modal", os.getppid())
    with (
        sampled(home) as usage,
        subprocess.Popen([sys.executable, "-c", BURN], stdin=subprocess.PIPE) as burning,
    ):
        while usage.cpu_s < 0.5:
            assert burning.poll() is None
            os.sched_yield()
        burning.kill()
    assert usage.cpu_s >= 0.5
    assert usage.provider_mib == 0, "no provider ran"


def test_a_local_modal_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkFailed, match="cannot be looked at"), sampled(tmp_path):
        pass


def test_stacks_share_no_service() -> None:
    first = services_config(40, "a")["inference:services"]
    second = services_config(40, "b", first=40)["inference:services"]
    assert len(first) == len(second) == 40
    assert not first.keys() & second.keys()
