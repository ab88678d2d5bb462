"""Times as Pulumi writes them, on any host."""

from __future__ import annotations

import pytest
from pulumi import CustomTimeouts

from pulumi_modal.provider.operation import Operation
from pulumi_modal.provider.timeouts import declared, seconds, within


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("90s", 90, id="seconds"),
        pytest.param("1h30m", 5400, id="parts"),
        pytest.param("1.5m", 90, id="a fraction"),
        pytest.param("250ms", 0.25, id="short"),
        pytest.param("soon", 0, id="no time"),
        pytest.param("5", 0, id="no unit"),
    ],
)
def test_times(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_only_what_is_said_is_declared() -> None:
    assert declared(CustomTimeouts(create="7m", delete="10s")) == {"create": 420, "delete": 10}
    assert declared(CustomTimeouts()) is None
    assert declared(None) is None


def test_the_host_knows_best() -> None:
    props = {"timeouts": {"create": 7}}
    assert within(Operation(), props, "create").timeout_s == 7
    assert within(Operation(timeout_s=3), props, "create").timeout_s == 3
    assert within(Operation(), props, "delete").timeout_s is None
    assert within(Operation(), {}, "create").timeout_s is None


def test_time_runs() -> None:
    assert Operation().left_s(9) == 9
    assert 0.1 <= Operation(timeout_s=1, begun=0).left_s(9) <= 1
