"""A stack's settings reach what would be sent, and the code's value stays visible beside them."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.errors import PlanError
from pulumi_modal.planning.plan import plan_all, plan_one
from tests.fakes.planning import a_request


@pytest.mark.parametrize(
    ("source", "name", "settings", "effective", "code"),
    [
        pytest.param(
            "functions.py",
            "generate",
            {"gpu": "H100:2", "cpu": [1, 4], "memory": [1024, 4096], "region": ["us", "eu"]},
            {"gpu": "H100:2", "cpu": [1, 4], "memory": [1024, 4096], "region": ["us", "eu"]},
            {"gpu": "T4", "cpu": 2, "memory": 2048, "region": "(not set)"},
            id="hardware",
        ),
        pytest.param(
            "functions.py",
            "plain",
            {"gpu": ["H100", "A100-80GB:2"], "retries": 4, "nonpreemptible": True},
            {"gpu": ["H100", "A100-80GB:2"], "retries": 4, "nonpreemptible": True},
            {"gpu": "(not set)", "retries": "(not set)", "nonpreemptible": False},
            id="fallback list",
        ),
        pytest.param(
            "functions.py",
            "plain",
            {"retries": {"max_retries": 3, "initial_delay": 0.5}},
            {
                "retries": {
                    "max_retries": 3,
                    "initial_delay": 0.5,
                    "backoff_coefficient": 2,
                    "max_delay": 60,
                }
            },
            {"retries": "(not set)"},
            id="retries in full",
        ),
        pytest.param(
            "functions.py",
            "plain",
            {"timeout": 900},
            {"timeout": 900, "startup_timeout": 900},
            {"timeout": 300},
            id="timeout moves an equal startup_timeout",
        ),
        pytest.param(
            "functions.py",
            "plain",
            {"max_inputs": 5, "max_containers": 4, "min_containers": 1, "buffer_containers": 2},
            {"max_inputs": 5, "max_containers": 4, "min_containers": 1, "max_in_flight": 20},
            {
                "max_inputs": "(not set)",
                "max_containers": "(not set)",
                "min_containers": "(not set)",
                "buffer_containers": "(not set)",
            },
            id="concurrency on plain code",
        ),
        pytest.param(
            "classes.py",
            "Model",
            {"max_in_flight": 40},
            {"max_containers": 5, "max_inputs": 8, "max_in_flight": 40},
            {"max_in_flight": 24},
            id="in-flight cap becomes containers",
        ),
        pytest.param(
            "classes.py",
            "Batcher",
            {"max_batch_size": 16, "wait_ms": 20, "max_containers": 4},
            {"max_batch_size": 16, "wait_ms": 20, "max_in_flight": 64},
            {"max_batch_size": 8, "wait_ms": 100, "max_containers": "(not set)"},
            id="batching",
        ),
        pytest.param(
            "server.py",
            "Llm",
            {
                "max_inputs": 9,
                "target_inputs": 7.5,
                "startup_timeout": 600,
                "scaleup_window": 5,
                "routing_region": "eu-west",
                "region": "eu",
                "web": {"requires_proxy_auth": False},
            },
            {
                "max_inputs": 9,
                "target_inputs": 7.5,
                "startup_timeout": 600,
                "scaleup_window": 5,
                "routing_region": "eu-west",
                "region": "eu",
                "web": {"requires_proxy_auth": False},
            },
            {
                "max_inputs": "(not set)",
                "target_inputs": 5,
                "startup_timeout": 30,
                "scaleup_window": "(not set)",
                "routing_region": "us-east",
                "region": "(not set)",
                "web": {"requires_proxy_auth": True},
            },
            id="server",
        ),
        pytest.param(
            "web.py",
            "api",
            {"web": {"label": "chat-prod", "custom_domains": ["chat.example.com"]}},
            {
                "web": {
                    "label": "chat-prod",
                    "custom_domains": ["chat.example.com"],
                    "requires_proxy_auth": True,
                }
            },
            {"web": {"label": "chat", "requires_proxy_auth": True}},
            id="web of a function",
        ),
        pytest.param(
            "web.py",
            "Pages",
            {"web": {"label": "ask", "requires_proxy_auth": True}},
            {"web": {"label": "ask", "requires_proxy_auth": True}},
            {"web": {"requires_proxy_auth": False}},
            id="web of a class",
        ),
        pytest.param(
            "needs.py",
            "fetch",
            {"secrets": {"hf-dev": "hf-prod"}, "volumes": {"/models": "models-prod"}},
            {"secrets": ["hf-prod"], "volumes": {"/models": "models-prod"}},
            {"secrets": ["hf-dev"], "volumes": {"/models": "models"}},
            id="secrets and volumes renamed",
        ),
        pytest.param(
            "needs.py",
            "fetch",
            {"env": {"MODE": "a value", "API_KEY": "of the stack", "NEW": "1"}},
            {"env": {"MODE": "a value", "API_KEY": "of the stack", "NEW": "1"}},
            {"env": {"MODE": "code", "API_KEY": "(in a secret)"}},
            id="environment variables",
        ),
    ],
)
def test_settings_reach_what_is_sent(
    source: str,
    name: str,
    settings: dict[str, Any],
    effective: dict[str, Any],
    code: dict[str, Any],
) -> None:
    function = plan_one(a_request(source, overrides={name: settings})).functions[name]
    assert {key: function.effective[key] for key in effective} == effective
    assert function.code == code


@pytest.mark.parametrize(
    ("source", "overrides", "sentence"),
    [
        pytest.param(
            "functions.py",
            {"genrate": {"gpu": "T4"}},
            "functions.genrate: the app has no function, class or server of this name; did you mean"
            " generate?",
            id="unknown name",
        ),
        pytest.param(
            "classes.py",
            {"Model.score": {"gpu": "T4"}},
            "functions.Model.score: score is a method, and all methods of a class share one pool of"
            " containers; set it under functions.Model",
            id="method",
        ),
        pytest.param(
            "functions.py",
            {"plain": {"max_batch_size": 4}},
            "functions.plain.max_batch_size: the code is not batched",
            id="batching on plain code",
        ),
        pytest.param(
            "server.py",
            {"Llm": {"timeout": 10, "retries": 2}},
            "functions.Llm.retries: a server does not retry",
            id="no retries on a server",
        ),
        pytest.param(
            "functions.py",
            {"plain": {"scaleup_window": 10}},
            "functions.plain.scaleup_window: only servers",
            id="scaleup window",
        ),
        pytest.param(
            "functions.py",
            {"nightly": {"schedule": "0 5 * * *"}},
            "functions.nightly.schedule: a schedule belongs to the code",
            id="schedule",
        ),
        pytest.param(
            "functions.py",
            {"plain": {"secrets": {"hf": "hf-prod"}}},
            "functions.plain.secrets: the code has none, and adding one would break its container",
            id="added secret",
        ),
        pytest.param(
            "needs.py",
            {"fetch": {"volumes": {"/model": "x"}}},
            "functions.fetch.volumes: the code does not use /model, and adding one would break its"
            " container; did you mean /models?",
            id="added volume",
        ),
        pytest.param(
            "functions.py",
            {"plain": {"web": {"label": "x"}}},
            "functions.plain.web: the code has no web endpoint here",
            id="web on plain code",
        ),
        pytest.param(
            "server.py",
            {"Llm": {"web": {"label": "x"}}},
            "functions.Llm.web: a server takes only requires_proxy_auth; remove label",
            id="label of a server",
        ),
        pytest.param(
            "classes.py",
            {"Model": {"max_in_flight": 41}},
            "functions.Model.max_in_flight: 41 is no multiple of the 8 inputs a container takes;"
            " say 40 or 48",
            id="in-flight cap that does not divide",
        ),
        pytest.param(
            "classes.py",
            {"Model": {"max_in_flight": 40, "max_containers": 2}},
            "functions.Model.max_in_flight: 40 is not max_containers x inputs per container (2 x 8",
            id="in-flight cap against containers",
        ),
        pytest.param(
            "functions.py",
            {"plain": {"min_containers": 5, "max_containers": 2}},
            "functions.plain.min_containers: 5 is above max_containers (2); set both, in order",
            id="min above max",
        ),
        pytest.param(
            "classes.py",
            {"Model": {"max_inputs": 2}},
            "functions.Model.max_inputs: 2 is below target_inputs (6 in the code); set"
            " target_inputs, too",
            id="max below the target in code",
        ),
        pytest.param(
            "classes.py",
            {"Model": {"min_containers": 4}},
            "functions.Model.min_containers: 4 is above max_containers (3 in the code)",
            id="min above the max in code",
        ),
    ],
)
def test_what_cannot_be_set_is_refused_with_its_path(
    source: str, overrides: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(PlanError) as caught:
        plan_one(a_request(source, overrides=overrides))
    assert str(caught.value).startswith(f"{source}: ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_refusals_of_a_file_come_at_once() -> None:
    overrides = {"plain": {"wait_ms": 4}, "generate": {"scaleup_window": 3}}
    with pytest.raises(PlanError) as caught:
        plan_one(a_request("functions.py", overrides=overrides))
    assert "functions.plain.wait_ms" in str(caught.value)
    assert "functions.generate.scaleup_window" in str(caught.value)


def test_settings_without_a_name_go_to_the_only_function() -> None:
    plan = plan_one(a_request("batched.py", settings={"gpu": "H100"}))
    assert plan.functions["double"].effective["gpu"] == "H100"


def test_settings_without_a_name_are_refused_where_there_are_several_functions() -> None:
    with pytest.raises(PlanError, match=r"gpu: the app has several functions \(generate, nightly"):
        plan_one(a_request("functions.py", settings={"gpu": "H100"}))


def test_settings_hold_for_included_and_loop_made_functions() -> None:
    included = plan_one(a_request("included.py", overrides={"inner": {"gpu": "B200"}}))
    looped = plan_one(a_request("looped.py", overrides={"infer-t4": {"gpu": "L4"}}))
    assert included.functions["inner"].effective["gpu"] == "B200"
    assert looped.functions["infer-t4"].effective["gpu"] == "L4"
    assert looped.functions["infer-a100"].effective["gpu"] == "A100"


def test_a_named_secret_that_may_hide_a_variable_is_a_warning() -> None:
    plan = plan_one(a_request("needs.py", overrides={"fetch": {"env": {"HF_TOKEN": "x"}}}))
    (warning,) = plan.warnings
    assert warning == (
        "functions.fetch.env: secret hf-dev holds HF_TOKEN, and a secret wins over the stack's"
        " value; remove one of them"
    )


def test_two_apps_with_one_label_in_an_environment_are_refused() -> None:
    first, second, elsewhere = plan_all(
        [
            a_request("web.py", app_name="one"),
            a_request("web.py", app_name="two"),
            a_request("web.py", app_name="three", environment="prod"),
        ]
    )
    assert not isinstance(first, Exception)
    assert not isinstance(elsewhere, Exception)
    assert not isinstance(second, Exception)
    assert first.refused == elsewhere.refused == ()
    (sentence,) = second.refused
    assert sentence.startswith(
        "functions.api.web: app two has the web label 'chat', which api of one has already"
    )


def test_what_is_refused_leaves_the_rest_planned() -> None:
    (plan,) = plan_all([a_request("functions.py", overrides={"genrate": {}, "plain": {"cpu": 3}})])
    assert not isinstance(plan, Exception)
    assert len(plan.refused) == 1
    assert plan.functions["plain"].effective["cpu"] == 3
