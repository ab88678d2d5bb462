"""What the SDK raises becomes one of our errors: one line, what was asked, what to do."""

from __future__ import annotations

import builtins

import pytest
from grpclib.exceptions import StreamTerminatedError
from modal import exception

from pulumi_modal.errors import (
    DeployFailed,
    GatewayError,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
)
from pulumi_modal.gateway.translation import KINDS, translated


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(exception.NotFoundError("no app"), NotFound, id="not found"),
        pytest.param(exception.AuthError("bad token"), Unauthenticated, id="token"),
        pytest.param(exception.PermissionDeniedError("no"), Refused, id="permission"),
        pytest.param(exception.ConflictError("busy"), Refused, id="a subclass"),
        pytest.param(exception.ImageBuildError("broken", "im-1"), DeployFailed, id="image"),
        pytest.param(exception.ServiceError("down"), Unavailable, id="service"),
        pytest.param(exception.FunctionTimeoutError("late"), Unavailable, id="SDK's timeout"),
        pytest.param(StreamTerminatedError("lost"), Unavailable, id="connection lost"),
        pytest.param(builtins.ConnectionRefusedError("refused"), Unavailable, id="refused"),
        pytest.param(builtins.TimeoutError(), Unavailable, id="timeout"),
    ],
)
def test_each_kind_of_error_becomes_one_of_ours(error: Exception, kind: type[GatewayError]) -> None:
    assert type(translated(error, "asking")) is kind


def test_what_is_not_in_the_table_is_what_the_caller_says() -> None:
    error = FileNotFoundError("no such file")
    assert type(translated(error, "asking")) is GatewayError
    assert type(translated(error, "deploying", otherwise=DeployFailed)) is DeployFailed


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param(exception.NotFoundError("no\n  app."), "asking: no app", id="one line"),
        pytest.param(
            builtins.TimeoutError(),
            "asking: TimeoutError; is Modal reachable? try again",
            id="no words",
        ),
        pytest.param(
            exception.AuthError("bad token"),
            "asking: bad token; get a new token (`modal token new`; `pulumi-modal local env` for"
            " the local Modal), then run `pulumi up` again: what is done stays done",
            id="a cure",
        ),
        pytest.param(RuntimeError("odd"), "asking: odd", id="unknown"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(error: Exception, text: str) -> None:
    assert str(translated(error, "asking")) == text


def test_every_kind_is_narrower_than_what_it_may_hide() -> None:
    """The table is walked along the class's own order: no entry can be shadowed."""
    for one in KINDS:
        assert next(kind for kind in one.__mro__ if kind in KINDS) is one
