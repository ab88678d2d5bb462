"""The program of a stack starts light: every preview waits for its imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("modal", "modal_proto", "grpclib", "httpx", "rich", "typer", "uvicorn", "starlette")
"""For children, for servers and for commands."""


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param("components.config, components.stack", id="program"),
        pytest.param("pulumi_modal.provider.app", id="provider"),
        pytest.param("pulumi_modal", id="package"),
    ],
)
def test_what_only_children_need_is_not_imported(modules: str) -> None:
    text = f"import json, sys, {modules}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & set(json.loads(done.stdout))
