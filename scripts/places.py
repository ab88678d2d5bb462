"""Where things are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
VENV: Final = ROOT / ".venv"
BIN: Final = VENV / "bin"
PYTHON: Final = BIN / "python"
LOCK: Final = ROOT / "requirements.txt"
PYPROJECT: Final = ROOT / "pyproject.toml"
ENGINE: Final = ROOT / "engine"
STACKS: Final = ROOT / "stacks"
