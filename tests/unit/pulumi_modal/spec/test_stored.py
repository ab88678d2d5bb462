"""Secrets, volumes, dicts and queues of a stack: read, checked, and shown without values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_modal.spec.stack import parse_stack
from tests.fakes.stacks import a_project, a_stack, lines

CANARY = "c4n4ry"


def read(tmp_path: Path, **stored: Any) -> Any:
    return parse_stack({**a_stack(), **stored}, a_project(tmp_path))


def test_what_a_stack_keeps_is_read_with_its_defaults(tmp_path: Path) -> None:
    parsed = read(
        tmp_path,
        secrets={"hf": {"TOKEN": CANARY}},
        volumes={"models": None, "cache": {"version": 2, "on_delete": "Force", "protect": True}},
        dicts={"jobs": {}},
        queues={"work": {"on_delete": "retain"}},
    )
    assert parsed.problems == ()
    stack = parsed.stack
    assert stack.secrets["hf"]["TOKEN"].get_secret_value() == CANARY
    assert stack.volumes["models"].canonical() == {
        "version": 1,
        "on_delete": "refuse",
        "protect": False,
    }
    assert stack.volumes["cache"].on_delete == "force"
    assert stack.dicts["jobs"].on_delete == "refuse"
    assert stack.queues["work"].on_delete == "retain"
    assert CANARY not in f"{stack!r}{stack.canonical()}"


@pytest.mark.parametrize(
    ("stored", "line"),
    [
        pytest.param(
            {"volumes": {"models": {"verson": 2}}},
            "volumes.models.verson: is not a known key; did you mean version?",
            id="a key",
        ),
        pytest.param(
            {"volumes": {"models": {"version": 3}}},
            "volumes.models.version: 3 is above 2",
            id="a version",
        ),
        pytest.param(
            {"volumes": {"mo dels": {}}},
            'volumes["mo dels"]: "mo dels" is not accepted by Modal',
            id="a name",
        ),
        pytest.param(
            {"queues": {"work": {"on_delete": "forse"}}},
            'queues.work.on_delete: "forse" is not one of the choices',
            id="a choice",
        ),
        pytest.param({"dicts": ["jobs"]}, "dicts: a list is not a map", id="a list"),
        pytest.param(
            {"secrets": {"hf": {"MY-TOKEN": CANARY}}},
            'secrets.hf.MY-TOKEN: "MY-TOKEN" is not the name of an environment variable',
            id="a variable",
        ),
        pytest.param(
            {"secrets": {"hf": {"TOKEN": 771}}},
            "secrets.hf.TOKEN: the value (not shown) is not a string",
            id="a number",
        ),
        pytest.param({"secrets": {"hf": CANARY}}, "secrets.hf: ", id="no map of variables"),
        pytest.param({"secrets": CANARY}, "secrets: the value (not shown) is not a map", id="text"),
    ],
)
def test_what_is_wrong_with_it_is_told_without_a_value(
    tmp_path: Path, stored: dict[str, Any], line: str
) -> None:
    parsed = read(tmp_path, **stored)
    (found,) = lines(parsed.problems)
    assert found.startswith(line)
    assert CANARY not in f"{found}{parsed!r}"
    assert "771" not in found
