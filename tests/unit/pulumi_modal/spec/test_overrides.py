"""Settings of a function: canonical form, refusals, warnings, and keys that exclude each other."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.problem import Problem
from tests.fakes.stacks import lines

AT = "services.embeddings.functions.Embedder"


def parse(**settings: Any) -> tuple[FunctionOverrides | None, list[Problem]]:
    return FunctionOverrides.parse(settings, AT)


def canonical(**settings: Any) -> dict[str, Any]:
    found, problems = parse(**settings)
    assert found is not None, lines(problems)
    return found.settings()


def refusals(**settings: Any) -> list[str]:
    found, problems = parse(**settings)
    assert found is None
    return lines(problems)


def warnings(**settings: Any) -> list[str]:
    _, problems = parse(**settings)
    assert not lines(problems)
    return [problem.line() for problem in problems]


def test_only_what_is_set_is_in_the_settings() -> None:
    assert canonical() == {}
    assert canonical(min_containers=0) == {"min_containers": 0}


def test_all_settings_become_modals_units() -> None:
    assert canonical(
        gpu="h100:2",
        cpu=[1, 2],
        memory="16Gi",
        ephemeral_disk="1Ti",
        timeout="5m",
        startup_timeout="10m",
        retries={"max_retries": 3, "initial_delay": "500ms"},
        max_containers=2.0,
        wait_ms="1s",
        env={"PORT": 8000, "MODE": "fast"},
        secrets={"hf-dev": "hf-prod"},
        volumes={"/models": "models-prod"},
        region=["eu"],
        cloud="AWS",
        web={"label": "embed", "requires_proxy_auth": True},
    ) == {
        "gpu": "H100:2",
        "cpu": [1, 2],
        "memory": 16_384,
        "ephemeral_disk": 1_048_576,
        "timeout": 300,
        "startup_timeout": 600,
        "retries": {"max_retries": 3, "initial_delay": 0.5},
        "max_containers": 2,
        "wait_ms": 1000,
        "env": {"PORT": "8000", "MODE": "fast"},
        "secrets": {"hf-dev": "hf-prod"},
        "volumes": {"/models": "models-prod"},
        "region": "eu",
        "cloud": "aws",
        "web": {"label": "embed", "requires_proxy_auth": True},
    }


def test_a_refusal_has_path_value_what_is_allowed_and_the_nearest() -> None:
    (line,) = refusals(scaledown_window=5000)
    assert line == (
        f"{AT}.scaledown_window: 5000 is above 3600 s; allowed: seconds, or a time like"
        ' "90s", "5m", "1h", from 2 s to 3600 s; did you mean 3600?'
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"max_container": 2}, "did you mean max_containers?", id="unknown-key"),
        pytest.param({"max_containers": "2"}, "did you mean 2?", id="number-as-string"),
        pytest.param({"max_containers": True}, "is not a whole number", id="boolean-as-number"),
        pytest.param({"max_containers": 0}, "did you mean 1?", id="no-container"),
        pytest.param({"max_containers": 5000}, "did you mean 4000?", id="above-modals-limit"),
        pytest.param({"max_inputs": None}, "null is not a whole number", id="null"),
        pytest.param({"max_batch_size": 1001}, "did you mean 1000?", id="batch"),
        pytest.param({"wait_ms": "11m"}, "did you mean 600000?", id="batch-wait"),
        pytest.param({"retries": 11}, "did you mean 10?", id="retries"),
        pytest.param({"retries": {"max_retry": 1}}, "has no max_retries", id="retries-map"),
        pytest.param({"region": "europe"}, "did you mean eu", id="region"),
        pytest.param({"region": []}, "is empty", id="no-region"),
        pytest.param({"cloud": "azure"}, "allowed: aws, gcp, oci, auto", id="cloud"),
        pytest.param({"routing_region": "us"}, "did you mean us-", id="routing-region"),
        pytest.param({"nonpreemptible": "yes"}, "did you mean true?", id="flag"),
        pytest.param({"env": {"1A": "x"}}, "not the name of an environment var", id="env-name"),
        pytest.param({"env": {"MODAL_TASK_ID": "x"}}, "is set by Modal itself", id="env-modal"),
        pytest.param({"env": {"A": True}}, 'did you mean "true"?', id="env-boolean"),
        pytest.param({"env": {"A": "x\ny"}}, "more than one line", id="env-lines"),
        pytest.param({"env": ["A=1"]}, "is not a map", id="env-list"),
        pytest.param({"secrets": ["hf"]}, "name in the code to its name here", id="secrets-list"),
        pytest.param({"secrets": {"hf": "h f"}}, "allowed: 1 to 64", id="secret-name"),
        pytest.param({"volumes": {"models": "m"}}, "did you mean /models?", id="volume-path"),
        pytest.param({"web": {"label": "My_Label"}}, "did you mean my-label?", id="label"),
        pytest.param({"web": {"labels": "x"}}, "did you mean label?", id="key-in-web"),
        pytest.param({"web": {"custom_domains": "a.com"}}, "did you mean [a.com]?", id="domains"),
        pytest.param({"web": {"custom_domains": []}}, "is empty", id="no-domain"),
        pytest.param({"web": {"custom_domains": ["https://A.com/x"]}}, "mean a.com?", id="domain"),
        pytest.param({"schedule": "daily"}, "belongs to the code", id="schedule"),
        pytest.param({"image": "x"}, "belongs to the code", id="image"),
    ],
)
def test_bad_values_are_refused(settings: dict[str, Any], said: str) -> None:
    (line,) = refusals(**settings)
    assert said in line


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"min_containers": 3, "max_containers": 2}, "min_containers"),
        ({"target_inputs": 9, "max_inputs": 8}, "target_inputs"),
        ({"nonpreemptible": True, "gpu": "T4"}, "nonpreemptible"),
        ({"max_in_flight": 1, "max_containers": 2}, "max_in_flight"),
        ({"cpu": [4, 2]}, "cpu"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: dict[str, Any], key: str) -> None:
    (line,) = refusals(**settings)
    assert line.startswith(f"{AT}.{key}: ")


def test_keys_are_compared_even_when_others_are_wrong() -> None:
    found = refusals(min_containers=3, max_containers=2, gpu="H10O", timeout="soon")
    assert len(found) == 3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"scaledown_window": 1800}, "Modal's guide does not", id="scaledown"),
        pytest.param({"gpu": "A10G"}, "old name", id="a10g"),
        pytest.param({"gpu": "a100"}, "A100-40GB or A100-80GB", id="a100"),
        pytest.param({"gpu": ["H100", "B300"]}, "CUDA 13.1", id="b300"),
        pytest.param({"memory": 16}, '"16Gi"', id="memory"),
        pytest.param({"cpu": 0.1}, "billed as 0.125", id="cpu"),
        pytest.param({"env": {"HF_TOKEN": "x"}}, "Modal secret", id="secret-in-env"),
    ],
)
def test_surprises_are_one_warning_each(settings: dict[str, Any], said: str) -> None:
    (line,) = warnings(**settings)
    assert said in line


@pytest.mark.parametrize("settings", [{"gpu": "H100"}, {"env": {"HF_TOKEN": ""}}, {"memory": 128}])
def test_ordinary_settings_give_no_warning(settings: dict[str, Any]) -> None:
    assert warnings(**settings) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"env": {"HF_TOKEN": "hf_abc123"}},
        {"env": {"HF_TOKEN": ["hf_abc123"]}},
        {"env": {"PLAIN": "hf_abc123\n"}},
        {"secrets": {"hf": "hf_abc123!"}},
        {"secrets": "hf_abc123"},
        {"HF_TOKEN": "hf_abc123"},
    ],
)
def test_what_may_be_a_secret_is_never_shown(settings: dict[str, Any]) -> None:
    _, problems = FunctionOverrides.parse(settings, AT)
    assert problems
    assert not any("abc123" in f"{problem.line()}{problem!r}" for problem in problems)
