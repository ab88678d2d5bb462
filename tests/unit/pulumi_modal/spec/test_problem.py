"""Problems in words."""

from __future__ import annotations

import pytest

from pulumi_modal.spec.problem import HIDDEN, Problem, in_order, join, nearest_of


def test_a_line_has_path_value_allowed_and_nearest() -> None:
    problem = Problem("services.a.gpu", "is not a GPU", "H10O", "T4, H100", "H100")
    assert problem.line() == (
        'services.a.gpu: "H10O" is not a GPU; allowed: T4, H100; did you mean H100?'
    )


def test_a_problem_of_the_stack_itself_says_so() -> None:
    assert Problem("", "environment is missing").line() == "stack: environment is missing"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": 1}, "a map"),
        ([1], "a list"),
        (None, "null"),
        (True, "true"),
        ("a\nb", '"a\\nb"'),
        ("x" * 200, f'"{"x" * 76}...'),
        (HIDDEN, "the value (not shown)"),
        (object, "a type"),
    ],
)
def test_values_are_shown_short_and_in_one_line(value: object, shown: str) -> None:
    assert Problem("p", "is wrong", value).line() == f"p: {shown} is wrong"


def test_keys_that_are_no_plain_words_are_quoted() -> None:
    assert join("services", "a b", 1, "gpu") == 'services["a b"][1].gpu'
    assert join("", "services") == "services"


def test_all_problems_come_sorted_by_path_and_once() -> None:
    second, first = Problem("b", "is wrong"), Problem("a", "is wrong")
    assert in_order([second, first, second]) == (first, second)


@pytest.mark.parametrize(
    ("value", "nearest"), [("GPUS", "gpu"), ("us", "us-east"), ("zzz", ""), ("", ""), (None, "")]
)
def test_the_nearest_choice_ignores_case(value: object, nearest: str) -> None:
    assert nearest_of(value, ["gpu", "cpu", "us-east"]) == nearest
