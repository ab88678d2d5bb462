"""What programs import: each argument and output explained, with types that are the models'."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import pulumi_modal
from pulumi_modal.resources import settings
from pulumi_modal.spec.typed import DICTIONARIES, module_text

ROOT = Path(__file__).parents[2]
NAMED = [getattr(pulumi_modal, name) for name in sorted(pulumi_modal.__all__)]
PUBLIC: list[type[Any]] = [one for one in NAMED if isinstance(one, type)]
FUNCTIONS = [one for one in NAMED if not isinstance(one, type)]
OF_EVERY_RESOURCE = {"resource_name", "opts"}
ARGUMENTS = [
    pytest.param(one, name, id=f"{one.__name__}.{name}")
    for one in PUBLIC
    for name in list(inspect.signature(one.__init__).parameters)[1:]
    if name not in OF_EVERY_RESOURCE
]


@pytest.mark.parametrize(("one", "argument"), ARGUMENTS)
def test_every_argument_says_what_it_is(one: type[Any], argument: str) -> None:
    """In one of the two forms that an editor shows beside an argument or above a call."""
    text = one.__init__.__doc__ or ""
    forms = rf":param {argument}: \S|^ *- [^:\n]*`{argument}`[^:\n]*: "
    described = re.search(forms, text, re.MULTILINE)
    assert described, f"write `:param {argument}: ...` in the docstring of its __init__"


@pytest.mark.parametrize("one", FUNCTIONS)
def test_every_argument_of_a_function_says_what_it_is(one: Any) -> None:
    text = inspect.getdoc(one) or ""
    described = re.findall(r"^:param (\w+): \S", text, re.MULTILINE)
    assert described == list(inspect.signature(one).parameters)


@pytest.mark.parametrize("one", PUBLIC)
def test_every_output_says_what_it_is(one: type[Any]) -> None:
    (tree,) = ast.parse(inspect.getsource(one)).body
    assert isinstance(tree, ast.ClassDef)
    assert ast.get_docstring(tree)
    silent = [
        node.target.id
        for node, following in zip(tree.body, [*tree.body[1:], None], strict=True)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and not (isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant))
    ]
    assert silent == []


def test_settings_in_programs_are_those_of_the_models() -> None:
    written = Path(settings.__file__).read_text("utf-8")
    command = "python -m pulumi_modal.spec.typed pulumi_modal/resources/settings.py"
    assert written == module_text(), f"run: {command}"


@pytest.mark.parametrize("name", DICTIONARIES)
def test_every_setting_has_a_type(name: str) -> None:
    model, _ = DICTIONARIES[name]
    assert list(getattr(settings, name).__annotations__) == list(model.model_fields)
