"""What Modal says of a function becomes settings in the words of a stack."""

from __future__ import annotations

from typing import Any

import pytest
from modal_proto import api_pb2

from pulumi_modal.gateway.observation import BOUNDS, READABLE, observed
from pulumi_modal.spec.overrides import FunctionOverrides


def answers(bounds: dict[str, Any] | None = None, *gpus: str, **data: Any) -> tuple[Any, Any]:
    """What FunctionGet and FunctionGetSchedulingParams say of a function."""
    response = api_pb2.FunctionGetResponse(function_id="fu-1")
    response.function.CopyFrom(api_pb2.FunctionData(timeout_secs=300, **data))
    for rank, gpu in enumerate(gpus or ("",), 1):
        ranked = response.function.ranked_functions.add(rank=rank)
        if gpu:
            ranked.function.resources.gpu_config.gpu_type = gpu
            ranked.function.resources.gpu_config.count = rank
    scheduling = api_pb2.FunctionGetSchedulingParamsResponse()
    in_force = api_pb2.AutoscalerSettings(**(bounds or {}))
    scheduling.autoscaler_configuration.settings.CopyFrom(in_force)
    return response, scheduling


def test_what_can_be_read_is_a_setting_of_a_stack() -> None:
    assert (READABLE - {"schedule"}) <= set(FunctionOverrides.model_fields)
    assert set(BOUNDS) <= READABLE


def test_a_plain_function_has_its_timeout() -> None:
    found = observed(*answers())
    assert (found.function_id, found.settings, found.urls) == ("fu-1", {"timeout": 300}, {})


def test_gpus_come_in_the_order_of_their_rank() -> None:
    response, scheduling = answers(None, "H100", "A100")
    first, second = response.function.ranked_functions
    first.rank, second.rank = 2, 1
    assert observed(response, scheduling).settings["gpu"] == ["A100:2", "H100"]


@pytest.mark.parametrize(
    ("bounds", "settings"),
    [
        pytest.param({}, {}, id="none"),
        pytest.param({"min_containers": 0}, {"min_containers": 0}, id="a zero that was set"),
        pytest.param({"max_containers": 0}, {}, id="no limit"),
        pytest.param(
            {"max_containers": 3, "scaledown_window": 9},
            {"max_containers": 3, "scaledown_window": 9},
            id="some",
        ),
    ],
)
def test_bounds_are_those_in_force(bounds: dict[str, int], settings: dict[str, int]) -> None:
    assert observed(*answers(bounds)).settings == {"timeout": 300, **settings}


def test_what_cannot_be_read_back_is_left_out() -> None:
    response, scheduling = answers(
        None,
        webhook_config=api_pb2.WebhookConfig(
            type=api_pb2.WEBHOOK_TYPE_ASGI_APP, requested_suffix="chat"
        ),
    )
    ranked = response.function.ranked_functions[0].function
    ranked.startup_timeout_secs = 90
    ranked.retry_policy.retries = 3
    assert observed(response, scheduling).settings == {"timeout": 300}


def test_a_function_without_a_definition_has_no_settings() -> None:
    response, scheduling = answers()
    del response.function.ranked_functions[:]
    assert observed(response, scheduling).settings == {}


def test_urls_of_methods_are_told_by_their_names() -> None:
    response, scheduling = answers()
    for name, url in (("b", "http://b"), ("a", "http://a"), ("plain", "")):
        response.handle_metadata.method_handle_metadata[name].web_url = url
    assert observed(response, scheduling).urls == {"a": "http://a", "b": "http://b"}


def test_a_function_has_one_url_wherever_modal_tells_it() -> None:
    response, scheduling = answers()
    response.function.web_url = "http://old"
    assert observed(response, scheduling).urls == {"": "http://old"}
    response.handle_metadata.web_url = "http://new"
    assert observed(response, scheduling).urls == {"": "http://new"}


def test_a_server_has_its_own_url_and_no_timeout() -> None:
    response, scheduling = answers(is_server=True, routing_region="")
    response.function.http_config.proxy_regions.append("eu-west")
    response.handle_metadata._experimental_flash_urls.append("http://server")
    found = observed(response, scheduling)
    assert found.settings == {"routing_region": "eu-west"}
    assert found.urls == {"": "http://server"}
