"""A Pulumi program of somebody else: in an environment of its own, with the wheel of this project.

Nothing of this tree can be imported there, and nothing is downloaded: the other packages are those
of the environment that runs the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

from tests.fakes.pulumi_project import PROGRAMS, ROOT, PulumiProject
from tests.fakes.pulumi_run import BIN

DEADLINE_S: Final = 100
_DESCRIBED: Final = """name: plain
runtime:
  name: python
  options:
    virtualenv: .venv
backend:
  url: file://.state
"""


def built_wheel(folder: Path) -> Path:
    """The wheel of this project, as its own tools build it."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder)]
    _run(command, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


def installed(folder: Path, wheel: Path) -> Path:
    """A virtual environment with the wheel; all else comes from the one that runs the tests."""
    venv.create(folder, symlinks=True, with_pip=False)
    site_packages = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (site_packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    _run([*pip, "--no-deps", "--no-index", "--ignore-installed", "--quiet", str(wheel)], folder)
    return folder


class PlainProgram(PulumiProject):
    """One folder with the program of tests/e2e/programs/plain, and one local Modal as `local`."""

    def __post_init__(self) -> None:
        shutil.copytree(PROGRAMS / "plain", self.folder, dirs_exist_ok=True)
        (self.folder / ".state").mkdir()
        self.described()

    def described(self, more: str = "") -> None:
        """Write Pulumi.yaml, with further lines."""
        (self.folder / "Pulumi.yaml").write_text(_DESCRIBED + more, "utf-8")

    @property
    def environ(self) -> dict[str, str]:
        """As after `. .venv/bin/activate` there: nothing leads to this tree."""
        own = self.folder / ".venv"
        inherited = {key: one for key, one in super().environ.items() if key != "PYTHONPATH"}
        path = os.pathsep.join([str(own / "bin"), str(BIN), inherited["PATH"]])
        return {**inherited, "VIRTUAL_ENV": str(own), "PATH": path}

    def run(self, *command: str, **variables: str) -> str:
        """What a command of its environment prints on stdout."""
        program = self.folder / ".venv" / "bin" / command[0]
        return _run([str(program), *command[1:]], self.folder, {**self.environ, **variables})


def _run(command: list[str], folder: Path, environ: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout
