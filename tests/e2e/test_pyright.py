"""Programs with the wheel are clean for pyright in its strictest mode, as an editor runs it.

In the build that comes with its own node; it is installed for this test alone, for it is large.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.plain_program import built_wheel, installed
from tests.fakes.pulumi_project import PROGRAMS

CHECKER = "basedpyright==1.40.2"
STRICT = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": "error"}

pytestmark = [pytest.mark.newcomer, pytest.mark.timeout(600)]


def test_a_program_with_the_wheel_is_clean_for_pyright(tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copytree(PROGRAMS / "plain", program)
    (program / "pyrightconfig.json").write_text(json.dumps(STRICT))
    own = installed(tmp_path / "own", built_wheel(tmp_path / "dist"))
    run("-m", "uv", "venv", "--quiet", str(tmp_path / "checker"))
    checker = tmp_path / "checker" / "bin"
    run("-m", "uv", "pip", "install", "--quiet", "--python", str(checker / "python"), CHECKER)
    options = ["--outputjson", "--pythonpath", str(own / "bin" / "python")]
    done = subprocess.run(
        [str(checker / "basedpyright"), *options, "__main__.py", "tokens.py", "mistakes.py"],
        cwd=program,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    assert [(one["file"], one["range"]["start"]["line"], one["message"]) for one in found] == []


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True)
