"""A preview knows the outputs that cannot change, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from pulumi_modal.provider.app_drift import DEPLOYED
from pulumi_modal.provider.app_effect import EFFECT
from pulumi_modal.provider.app_preview import predicted
from tests.fakes.apps import a_function, a_plan, app_inputs

NEWS = app_inputs(a_plan(serve=a_function(web=True, gpu="T4"), plain=a_function()), tag="v1")
KNOWN = {"app_id": "ap-1", "url": "http://x", "urls": {"serve": "http://x"}}
OLDS = {**NEWS, **KNOWN, "version": 3, DEPLOYED: {"app_id": "ap-1", "version": 3}}


def known(olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
    """What is predicted beside the effect, and the version, which have tests of their own."""
    found = predicted(olds, news)
    return {name: one for name, one in found.items() if name not in (EFFECT, "version")}


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
    assert known(OLDS, {**NEWS, **change}) == KNOWN


@pytest.mark.parametrize(
    ("change", "version", "effect"),
    [
        pytest.param({"tag": "v2"}, 3, "nothing deployed: tag", id="recorded"),
        pytest.param({"probe": {"path": "/up"}}, 3, "readiness check: probe", id="checked"),
        pytest.param(
            {"digest": {**NEWS["digest"], "code": "new"}},
            None,
            "new version: digest.code",
            id="a new version",
        ),
        pytest.param({"triggers": {"a b": 1}}, None, 'rollover: triggers["a b"]', id="a rollover"),
    ],
)
def test_the_version_is_known_where_none_is_made(
    change: dict[str, Any], version: int | None, effect: str
) -> None:
    found = predicted(OLDS, {**NEWS, **change})
    assert (found.get("version"), found[EFFECT]) == (version, effect)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"app_name": "other"}, id="another name"),
        pytest.param({"environment": "prod"}, id="another environment"),
        pytest.param({"workspace": "acme"}, id="another workspace"),
        pytest.param({"functions": UNKNOWN}, id="unknown functions"),
        pytest.param({"functions": {"serve": UNKNOWN}}, id="an unknown function"),
        pytest.param({"probe": {"path": UNKNOWN}}, id="an unknown probe"),
    ],
)
def test_what_may_change_is_not_known(change: dict[str, Any]) -> None:
    assert known(OLDS, {**NEWS, **change}) == {}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"probe": {"function": "plain"}}, id="another main URL"),
        pytest.param(with_web(label="chat"), id="another label"),
        pytest.param({"functions": {}}, id="no URL any more"),
        pytest.param({"functions": {**NEWS["functions"], "new": {"web": {}}}}, id="one URL more"),
    ],
)
def test_urls_that_may_change_are_not_known_and_the_id_is(change: dict[str, Any]) -> None:
    found = known(OLDS, {**NEWS, **change})
    assert found["app_id"] == "ap-1"
    assert "url" not in found


def test_the_url_follows_the_function_that_the_probe_names() -> None:
    olds = {**OLDS, "urls": {"plain": "http://p", "serve": "http://s"}}
    assert known(olds, {**NEWS, "probe": {"function": "serve"}})["url"] == "http://s"


def test_a_create_knows_nothing() -> None:
    assert predicted({}, NEWS) == {}


def test_outputs_that_are_empty_are_not_promised() -> None:
    assert known({**OLDS, "url": "", "urls": {}}, NEWS) == {"app_id": "ap-1"}
