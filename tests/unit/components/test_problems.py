"""All errors in one block, and none without one."""

from __future__ import annotations

import pytest

from components.problems import refusal
from pulumi_modal.spec.problem import Problem

ERROR = Problem("services.a.gpu", "is not a GPU", "x")
WARNING = Problem("services.a.memory", "is little", 1, severity="warning")


def test_warnings_alone_refuse_nothing() -> None:
    assert refusal([WARNING]) == ""


@pytest.mark.parametrize(
    ("problems", "text"),
    [
        pytest.param(
            [ERROR, WARNING],
            "the stack has 1 problem, and nothing was deployed:\n"
            '  services.a.gpu: "x" is not a GPU',
            id="one",
        ),
        pytest.param(
            [ERROR, Problem("environment", "is missing"), ERROR],
            "the stack has 2 problems, and nothing was deployed:\n"
            "  environment: is missing\n"
            '  services.a.gpu: "x" is not a GPU',
            id="several-each-once",
        ),
    ],
)
def test_errors_come_in_one_block_by_path(problems: list[Problem], text: str) -> None:
    assert refusal(problems) == text
