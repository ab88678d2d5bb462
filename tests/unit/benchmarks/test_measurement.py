"""The sums behind the table of benchmarks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.measurement import BenchmarkFailed, Measurement, percentile, run_command


def a_measurement(ours: float, against: float, aim: str = "") -> Measurement:
    return Measurement("a", "s", ours, against, "b", aim)


@pytest.mark.parametrize(
    ("percent", "expected"),
    [pytest.param(50, 2.0, id="p50"), pytest.param(95, 4.0, id="p95"), pytest.param(0, 1.0)],
)
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == expected


def test_an_aim_is_met_below_its_bound_only() -> None:
    assert a_measurement(1.4, 1.0, "<1.5").meets_aim is True
    assert a_measurement(1.5, 1.0, "<1.5").meets_aim is False
    assert a_measurement(1.5, 1.0).meets_aim is None


def test_a_command_that_fails_shows_the_end_of_its_output(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('why'); raise SystemExit(3)"]
    with pytest.raises(BenchmarkFailed, match=r"ended with 3:\nwhy"):
        run_command(command, folder=tmp_path, env=dict(os.environ), deadline_s=30)


def test_a_command_is_ended_at_its_deadline(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with pytest.raises(BenchmarkFailed, match=r"took more than 0.5 s"):
        run_command(command, folder=tmp_path, env=dict(os.environ), deadline_s=0.5)
