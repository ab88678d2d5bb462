"""A preview knows the outputs that cannot change, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from pulumi_modal.provider.app_preview import predicted
from tests.fakes.apps import a_function, a_plan, app_inputs

NEWS = app_inputs(a_plan(serve=a_function(web=True, gpu="T4"), plain=a_function()), tag="v1")
KNOWN = {"app_id": "ap-1", "url": "http://x", "urls": {"serve": "http://x"}}
OLDS = {**NEWS, **KNOWN, "version": 3}


def with_web(**web: Any) -> dict[str, Any]:
    """The functions, with other web settings."""
    functions = NEWS["functions"]
    return {"functions": {**functions, "serve": {**functions["serve"], "web": web}}}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"tag": "v2"}, id="tag"),
        pytest.param({"digest": {"code": "new"}}, id="code"),
        pytest.param(
            {"functions": {**NEWS["functions"], "plain": {"gpu": "H100"}}}, id="a setting"
        ),
    ],
)
def test_an_update_keeps_id_and_urls(change: dict[str, Any]) -> None:
    assert predicted(OLDS, {**NEWS, **change}) == KNOWN


def test_the_version_is_never_known() -> None:
    assert "version" not in predicted(OLDS, NEWS)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"app_name": "other"}, id="another name"),
        pytest.param({"environment": "prod"}, id="another environment"),
        pytest.param({"workspace": "acme"}, id="another workspace"),
        pytest.param({"probe": {"function": "plain"}}, id="another main URL"),
        pytest.param(with_web(label="chat"), id="another label"),
        pytest.param({"functions": {}}, id="no URL any more"),
        pytest.param({"functions": {**NEWS["functions"], "new": {"web": {}}}}, id="one URL more"),
        pytest.param({"functions": UNKNOWN}, id="unknown functions"),
        pytest.param({"functions": {"serve": UNKNOWN}}, id="an unknown function"),
        pytest.param({"probe": {"path": UNKNOWN}}, id="an unknown probe"),
    ],
)
def test_what_may_change_is_not_known(change: dict[str, Any]) -> None:
    assert predicted(OLDS, {**NEWS, **change}) == {}


def test_a_create_knows_nothing() -> None:
    assert predicted({}, NEWS) == {}


def test_outputs_that_are_empty_are_not_promised() -> None:
    assert predicted({**OLDS, "url": "", "urls": {}}, NEWS) == {"app_id": "ap-1"}
