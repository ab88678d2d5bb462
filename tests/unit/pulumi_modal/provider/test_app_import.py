"""An import tells what Modal tells, and claims nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.provider.app_drift import DEPLOYED
from pulumi_modal.provider.app_effect import Effect, changes_of, effect_of
from pulumi_modal.provider.app_import import imported, is_imported
from pulumi_modal.provider.app_owner import BIRTH
from tests.fakes.apps import Stack, a_function, a_plan, stack_of

PLACE = {"workspace": "local", "environment": "dev", "name": "llm"}
PLAN = a_plan(
    serve=a_function(web=True, gpu="T4", startup_timeout=90), Model=a_function("class", memory=512)
)


def an_import(stack: Stack) -> dict[str, Any]:
    """The outputs of an import."""
    found = imported(stack.gateway, PLACE)
    assert found.outs is not None
    return found.outs


def test_an_import_finds_what_modal_can_tell() -> None:
    stack = stack_of(PLAN)
    theirs = stack.create()
    found = imported(stack.gateway, PLACE)
    assert found.id == "dev/llm"
    assert found.inputs == {
        "workspace": "local",
        "environment": "dev",
        "app_name": "llm",
        "functions": {
            "Model": {"kind": "class", "timeout": 300, "memory": 512},
            "serve": {"kind": "function", "timeout": 300, "gpu": "T4"},
        },
    }
    assert found.outs == {
        **found.inputs,
        **{name: theirs[name] for name in ("app_id", "version", "url", "urls")},
    }


def test_what_is_not_there_cannot_be_imported() -> None:
    assert imported(Stack().gateway, PLACE).id is None


def test_an_imported_app_is_deployed_once_under_its_id() -> None:
    stack = stack_of(PLAN, owner="shop/dev")
    theirs = stack.create()
    olds = an_import(stack)
    assert DEPLOYED not in olds
    found = changes_of(olds, stack.inputs)
    assert effect_of(found) is Effect.NEW_VERSION
    assert {one.path for one in found} >= {"digest.code", "functions.serve.startup_timeout", ""}
    outs = stack.update(olds)
    assert (outs["app_id"], outs["version"]) == (theirs["app_id"], 1)  # equal: no new version
    assert changes_of(outs, stack.inputs) == ()
    assert outs[BIRTH]


@pytest.mark.parametrize(
    ("inputs", "olds", "expected"),
    [
        pytest.param({"app_name": "a"}, {"app_name": "a"}, True, id="as it was read"),
        pytest.param({"app_name": "a"}, {}, False, id="a program that forgot the source"),
        pytest.param({"app_name": "a"}, {"app_name": "b"}, False, id="a program that says more"),
        pytest.param({"source": "a.py"}, {"source": "a.py"}, False, id="a program"),
    ],
)
def test_only_what_an_import_has_read_passes_without_a_source(
    inputs: dict[str, Any], olds: dict[str, Any], *, expected: bool
) -> None:
    assert is_imported(inputs, olds) is expected
