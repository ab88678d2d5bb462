"""`pulumi-modal` as it is installed: the local Modal through its one command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.prefix) / "bin" / "pulumi-modal"
DEADLINE_S = 90


def pulumi_modal(
    *arguments: str, home: Path, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the installed command on a local Modal of its own."""
    return subprocess.run(
        [str(PROGRAM), *arguments],
        env={**os.environ, "MODAL_LOCAL_HOME": str(home), "NO_COLOR": "1", "TERM": "dumb"},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def test_a_local_modal_is_started_found_and_stopped(tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        started = pulumi_modal("local", "start", home=home)
        assert started.returncode == 0, started.stderr
        assert started.stdout.startswith("http://127.0.0.1:")
        exported = pulumi_modal("local", "env", home=home).stdout
        assert f"MODAL_SERVER_URL={started.stdout.strip()}" in exported
        shown = json.loads(pulumi_modal("local", "status", "--json", home=home).stdout)
        assert (shown["workspace"], shown["apps"]) == ("local", [])
    finally:
        stopped = pulumi_modal("local", "stop", home=home)
    assert stopped.returncode == 0
    assert pulumi_modal("local", "status", home=home).returncode == 1


def test_what_does_not_run_is_said_in_the_words_of_the_command(tmp_path: Path) -> None:
    result = pulumi_modal("local", "status", home=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "`pulumi-modal local start`" in result.stderr


@pytest.mark.parametrize("arguments", [["fly"], ["local", "fly"], ["local", "status", "--fly"]])
def test_wrong_usage_exits_with_2(tmp_path: Path, arguments: list[str]) -> None:
    assert pulumi_modal(*arguments, home=tmp_path).returncode == 2


def test_files_of_the_current_folder_do_not_stand_in_for_modules(tmp_path: Path) -> None:
    for name in ("modal_local", "asyncio", "typer"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')\n")
    result = pulumi_modal("local", "--help", home=tmp_path, cwd=tmp_path)
    assert (result.returncode, "the wrong module" in result.stderr) == (0, False)
