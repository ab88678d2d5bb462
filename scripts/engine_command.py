"""Pulumi as the scripts here run it: with this project's programs and passphrase."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any, Final

from scripts.places import BIN, ROOT, VENV
from scripts.progress import SetupError

_DEADLINE_S: Final = 120.0


def environment() -> dict[str, str]:
    """What `. .venv/bin/activate` sets; a passphrase of the user's own wins."""
    variables = dict(os.environ)
    variables["PATH"] = f"{BIN}{os.pathsep}{variables.get('PATH', os.defpath)}"
    variables["VIRTUAL_ENV"] = str(VENV)
    variables.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
    if not variables.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        variables.setdefault("PULUMI_CONFIG_PASSPHRASE", "")
    return variables


def ask(*arguments: str) -> str:
    """Run a short command for its output. Raises SetupError with what Pulumi said."""
    command = [_program(), *arguments, "--non-interactive", "--color", "never"]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_DEADLINE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"pulumi {' '.join(arguments)}: {error}") from error
    if done.returncode:
        said = " ".join(line.strip() for line in done.stderr.splitlines() if line.strip())
        raise SetupError(f"pulumi {' '.join(arguments)}: {said}")
    return done.stdout


def ask_json(*arguments: str) -> Any:
    """The same, for a command that answers in JSON."""
    return json.loads(ask(*arguments, "--json"))


def show(*arguments: str) -> int:
    """Run a command before the user's eyes; its exit status."""
    return run_to_its_end([_program(), *arguments])


def run_to_its_end(command: Sequence[str]) -> int:
    """Run it before the user's eyes, whatever Ctrl-C says to us: it hears that itself.

    Killed in the middle, an update would leave its lock and what it was doing in the state.
    """
    with subprocess.Popen(command, cwd=ROOT, env=environment()) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def _program() -> str:
    program = shutil.which("pulumi", path=environment()["PATH"])
    if program is None:
        raise SetupError("there is no pulumi here: run 'make setup'")
    return program
