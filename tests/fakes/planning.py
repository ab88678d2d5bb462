"""Builders for planning: requests on the example Modal files, or on a file written for one test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pulumi_modal.source.request import PlanRequest

SOURCES = Path(__file__).parent / "sources"


def a_request(source: str, root: Path = SOURCES, **changes: Any) -> PlanRequest:
    """A request to plan an example file, as app `infer` of environment `dev`."""
    given: dict[str, Any] = {
        "app_name": "infer",
        "environment": "dev",
        "deadline_s": 30.0,
    } | changes
    return PlanRequest(source=source, root=root, **given)


def a_file(folder: Path, text: str, name: str = "service.py") -> PlanRequest:
    """A request to plan a Modal file of this text."""
    (folder / name).write_text(text)
    return a_request(name, folder)
