"""A service in a few words."""

from __future__ import annotations

from typing import Any

import pytest

from components.summary import gpu_of, max_in_flight_of


@pytest.mark.parametrize(
    ("functions", "gpu"),
    [
        pytest.param({"f": {}}, "none", id="none"),
        pytest.param({"f": {"gpu": "T4"}, "web": {}}, "T4", id="one"),
        pytest.param({"f": {"gpu": "T4"}, "g": {"gpu": "T4"}}, "T4", id="the-same"),
        pytest.param({"g": {"gpu": "T4"}, "f": {"gpu": "L4"}}, "f: L4, g: T4", id="several"),
        pytest.param({"f": {"gpu": ["H100", "L40S"]}}, "H100 or L40S", id="in-order"),
    ],
)
def test_the_gpu_is_one_word_where_it_can_be(functions: dict[str, Any], gpu: str) -> None:
    assert gpu_of(functions) == gpu


@pytest.mark.parametrize(
    ("functions", "cap"),
    [
        pytest.param({"f": {"max_containers": 3}}, 3, id="one-input-each"),
        pytest.param({"f": {"max_containers": 3, "max_inputs": 8}}, 24, id="several-inputs"),
        pytest.param(
            {"f": {"max_containers": 1, "max_inputs": 4, "max_batch_size": 16}}, 64, id="batched"
        ),
        pytest.param({"f": {}}, None, id="no-limit"),
        pytest.param({"f": {"max_containers": 2}, "g": {"max_containers": 3}}, 5, id="sum"),
        pytest.param({"f": {"max_containers": 2}, "g": {}}, None, id="one-without-limit"),
        pytest.param(
            {"f": {}, "web": {"max_containers": 2, "max_inputs": 32, "web": {"label": "x"}}},
            64,
            id="only-the-web-endpoint-counts",
        ),
    ],
)
def test_requests_in_flight_are_those_of_the_entries(
    functions: dict[str, Any], cap: int | None
) -> None:
    assert max_in_flight_of(functions) == cap
