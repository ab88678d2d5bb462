"""The virtual environment: made once, filled from the hashed lock, healed when it is broken."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Final

from scripts.places import BIN, LOCK, PYPROJECT, PYTHON, ROOT, VENV
from scripts.progress import SetupError, Step, duration, run_step, say

_STAMP: Final = VENV / ".stamp"
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
_SOUND: Final = (
    "import importlib.util, sys;"
    "sys.exit(importlib.util.find_spec('pip') is None or sys.version_info < (3, 11))"
)
_ACTIVATED: Final = (
    "# The passphrase of Pulumi is empty unless you set yours.\n"
    '[ -n "${PULUMI_CONFIG_PASSPHRASE_FILE-}" ] ||'
    ' export PULUMI_CONFIG_PASSPHRASE="${PULUMI_CONFIG_PASSPHRASE-}"'
)


def install() -> None:
    """Have everything that the lock names, and the project itself, in .venv."""
    if _is_current():
        return
    if not _runs() or not _belongs_here():
        _make()
    pinned = pins(LOCK.read_text())
    started_at = time.monotonic()
    say(f"Installing {len(pinned)} Python packages into .venv (a minute or two at first).")
    _pip(["--require-hashes", "-r", str(LOCK)], name="packages", total=len(pinned))
    _pip(
        ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)], name="this project", total=1
    )
    add_passphrase(BIN / "activate")
    if missing := sorted(_wanted() - installed(VENV)):
        raise SetupError(f"pip did not install {', '.join(missing)}: remove .venv and try again")
    _STAMP.write_text(_digest())
    say(f"Python packages are installed ({duration(time.monotonic() - started_at)}).")


def _is_current() -> bool:
    """Nothing has changed since the last time, and nothing was lost."""
    try:
        is_stamped = _STAMP.read_text() == _digest()
    except OSError:
        return False
    return is_stamped and _runs() and _wanted() <= installed(VENV)


def _digest() -> str:
    """Changes with whatever the environment is made from, and with its place."""
    described = tomllib.loads(PYPROJECT.read_text())
    built = (described["build-system"], described["project"], described["tool"]["hatch"])
    package = repr((built, str(ROOT)))
    sources = (LOCK.read_bytes(), Path(__file__).read_bytes(), package.encode())
    return hashlib.sha256(b"\0".join(sources)).hexdigest()


def _runs() -> bool:
    """Whether the interpreter works, is new enough and has pip."""
    try:
        found = subprocess.run([str(PYTHON), "-c", _SOUND], capture_output=True, check=False)
    except OSError:
        return False
    return found.returncode == 0


def _belongs_here() -> bool:
    """An environment that was moved or copied names its old place in every script."""
    try:
        return str(VENV) in (BIN / "activate").read_text()
    except OSError:
        return False


def _make() -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"Making .venv with Python {version} ({sys.executable}).")
    if VENV.is_symlink():
        VENV.unlink()  # what it leads to is somebody else's
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise SetupError(f"python -m venv failed:\n{made.stdout}{made.stderr}")


def _pip(arguments: list[str], *, name: str, total: int) -> None:
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    run_step(
        Step(
            name=name,
            command=command,
            folder=ROOT,
            environment={**os.environ, "PIP_REQUIRE_VIRTUALENV": "0"},
            is_step=lambda line: line.startswith(("Collecting ", "Requirement already satisfied")),
            unit="fetched",
            total=total,
            last_phase=("Installing collected packages", "installing"),
        )
    )


def pins(lock: str) -> set[str]:
    """Every package of a lock, with its version."""
    return {_key(f"{match[1]}-{match[2]}") for match in _PIN.finditer(lock)}


def installed(venv: Path) -> set[str]:
    """What is there, by what pip leaves behind: asking pip itself takes a second."""
    records = venv.glob("lib/python3*/site-packages/*.dist-info/RECORD")
    return {_key(record.parent.name.removesuffix(".dist-info")) for record in records}


def _wanted() -> set[str]:
    """Every package of the lock, and the project."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    return pins(LOCK.read_text()) | {_key(f"{project['name']}-{project['version']}")}


def _key(text: str) -> str:
    return re.sub(r"[-_.]+", "_", text).lower()


def add_passphrase(activate: Path) -> None:
    """`. .venv/bin/activate` is enough for pulumi; a passphrase of one's own wins."""
    text = activate.read_text()
    if _ACTIVATED not in text:
        activate.write_text(f"{text.rstrip()}\n\n{_ACTIVATED}\n")
