"""Long commands show that they move, and say why they failed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.progress import SetupError, Step, Watch, duration, run_step


def a_step(code: str = "", **changes: Any) -> Step:
    """A Python program that counts lines which begin with `got`."""
    settings: dict[str, Any] = {
        "name": "parts",
        "command": [sys.executable, "-c", code],
        "folder": Path.cwd(),
        "environment": os.environ,
        "is_step": lambda line: line.startswith("got"),
        "unit": "fetched",
        "total": 3,
    }
    return Step(**(settings | changes))


def test_a_command_that_succeeds_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run_step(a_step("print('got a')"))
    assert capsys.readouterr() == ("", "")


def test_a_command_that_fails_shows_its_last_lines_of_both_streams() -> None:
    code = (
        "import sys\nprint('many\\n' * 100, flush=True)\nprint('why', file=sys.stderr)\nsys.exit(3)"
    )
    with pytest.raises(SetupError) as failure:
        run_step(a_step(code))
    lines = str(failure.value).splitlines()
    assert lines[0] == "parts failed (exit 3):"
    assert lines[-1].strip() == "why"
    assert len(lines) <= 31


@pytest.mark.parametrize(
    ("lines", "changes", "told"),
    [
        pytest.param([], {}, "parts: 0 of 3 fetched", id="at first"),
        pytest.param(["got a", "nothing", "got b"], {}, "parts: 2 of 3 fetched", id="half way"),
        pytest.param(["got a"], {"total": None}, "parts: 1 fetched", id="of unknown size"),
        pytest.param(
            ["got a", "now the rest"],
            {"last_phase": ("now", "installing")},
            "parts: installing",
            id="in the last phase",
        ),
    ],
)
def test_a_report_tells_how_far_it_is(
    capsys: pytest.CaptureFixture[str], lines: list[str], changes: dict[str, Any], told: str
) -> None:
    watch = Watch(a_step(**changes))
    for line in lines:
        watch.read(line)
    watch.report()
    assert capsys.readouterr().err.strip() == f"{told}, 0 s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (247, "4 min 7 s")],
)
def test_durations_are_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words
