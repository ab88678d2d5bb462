"""Whatever fails once Modal has changed, the state keeps what is known and tells no secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_modal.errors import Unavailable
from pulumi_modal.provider.app_drift import DEPLOYED
from pulumi_modal.provider.app_effect import UNREADY
from pulumi_modal.provider.app_healthy import HEALTHY
from pulumi_modal.provider.app_words import LEFT_OUT
from pulumi_modal.provider.operation import PartialFailure
from pulumi_modal.provider.props import secret
from tests.fakes.apps import APP, Stack, app_inputs
from tests.fakes.http import serving, text

PROBE = {"path": "/health", "deadline": 1, "interval": 0.1}


@pytest.fixture
def stack() -> Iterator[Stack]:
    """An app that is ready."""
    made = Stack(app_inputs(probe=PROBE))
    with serving(lambda one: text(one, 200, b"")) as url:
        made.gateway.urls["serve"] = url
        made.olds = made.create()
        yield made


def failed(stack: Stack, olds: dict[str, Any], **said: Any) -> PartialFailure:
    """An update that ends with a partial failure."""
    stack.inputs = {**stack.inputs, **said}
    with pytest.raises(PartialFailure) as caught:
        stack.update(olds)
    return caught.value


def test_an_error_of_any_class_after_a_deploy_keeps_the_app_and_the_healthy_version(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("odd")

    monkeypatch.setattr(stack.gateway, "function", broken)
    failure = failed(stack, stack.olds, digest={"code": "n3w"})
    assert failure.reasons == ("KeyError: 'odd'; its containers printed nothing",)
    assert failure.outs["app_id"] == "ap-1"
    assert DEPLOYED not in failure.outs
    healthy = failure.outs[HEALTHY]
    assert healthy["version"] == 1
    assert healthy["inputs"] == secret(app_inputs(probe=PROBE))


def test_an_error_of_any_class_while_it_is_asked_is_one_that_was_not_ready(stack: Stack) -> None:
    failure = failed(stack, stack.olds, probe={"path": 7})
    assert failure.reasons[0].startswith("ValidationError: 1 validation error for Probe")
    assert failure.outs[UNREADY] is True
    assert failure.outs[DEPLOYED] == stack.olds[DEPLOYED]


def test_a_version_that_another_took_the_place_of_is_not_found_ready(stack: Stack) -> None:
    def deployed_over(handler: Any) -> None:
        stack.gateway.redeploy(APP)
        text(handler, 200, b"")

    with serving(deployed_over) as url:
        olds = {**stack.olds, "urls": {"serve": url}}
        failure = failed(stack, olds, probe={**PROBE, "path": "/up"})
    assert "was asked for version 1, but version 2 runs by now" in failure.reasons[0]
    assert failure.outs[UNREADY] is True


def test_a_log_is_left_out_where_this_process_does_not_know_the_inline_secrets(
    stack: Stack,
) -> None:
    secrets = {**stack.inputs["digest"], "secrets": "keyed"}
    olds = {**stack.olds, "digest": secrets}
    stack.gateway.fail("find", Unavailable("no answer"), after="rollover")
    stack.gateway.print(APP, "the key is hush")
    failure = failed(stack, olds, digest=secrets, triggers={"a": 1})
    assert failure.reasons == (f"no answer; {LEFT_OUT}",)
