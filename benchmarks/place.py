"""Where a benchmark runs: a temporary folder with a local Modal and a Pulumi home of its own."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measurement import BenchmarkFailed, run_command

ROOT = Path(__file__).resolve().parents[1]
START_DEADLINE_S = 120.0


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, and the variables that point every tool into it."""

    folder: Path
    env: dict[str, str]

    @property
    def modal_home(self) -> Path:
        """The folder of the local Modal."""
        return self.folder / "local-modal"

    def modal(self, *arguments: str) -> list[str]:
        """A command of the stock Modal client."""
        return [sys.executable, "-m", "modal", *arguments]

    def pulumi(self, *arguments: str) -> list[str]:
        """A command of Pulumi. Raises BenchmarkFailed when there is none."""
        program = shutil.which("pulumi", path=self.env["PATH"])
        if program is None:
            raise BenchmarkFailed("there is no pulumi here: run 'make setup'")
        return [program, *arguments]


@contextmanager
def temporary_place() -> Iterator[Place]:
    """A fresh place with a running local Modal; nothing of it is left afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        place = Place(folder=folder, env=_variables(folder))
        _local_modal(place, "start")
        try:
            yield place
        finally:
            _local_modal(place, "stop")


def _local_modal(place: Place, verb: str) -> None:
    command = [sys.executable, "-m", "modal_local", verb]
    run_command(command, folder=place.folder, env=place.env, deadline_s=START_DEADLINE_S)


def _variables(folder: Path) -> dict[str, str]:
    binaries = Path(sys.prefix) / "bin"
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR", "HOME") if name in os.environ}
    return {
        **kept,
        "PATH": f"{binaries}:{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": sys.prefix,
        "PYTHONPATH": str(ROOT),
        "PULUMI_HOME": str(folder / "pulumi-home"),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "MODAL_LOCAL_HOME": str(folder / "local-modal"),
        "MODAL_CONFIG_PATH": str(folder / "local-modal" / "modal.toml"),
    }
