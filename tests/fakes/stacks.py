"""Builders of raw stacks, as they come out of stack files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pulumi_modal.spec.problem import Problem

SOURCE = "services/model.py"


def a_project(root: Path) -> Path:
    """A project folder with one source file in it."""
    (root / "services").mkdir()
    (root / SOURCE).write_text("import modal\napp = modal.App('model')\n", "utf-8")
    return root


def a_service(**keys: Any) -> dict[str, Any]:
    """A service with a source that is there."""
    return {"source": SOURCE, **keys}


def a_stack(**services: Any) -> dict[str, Any]:
    """A stack of the local Modal."""
    return {"workspace": "local", "environment": "dev", "services": services}


def lines(problems: Iterable[Problem]) -> list[str]:
    """The errors, one a line."""
    return [problem.line() for problem in problems if problem.is_error]


def paths(problems: Iterable[Problem]) -> list[str]:
    """Where the errors are."""
    return [problem.path for problem in problems if problem.is_error]
