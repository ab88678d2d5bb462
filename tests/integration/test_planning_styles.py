"""Every style of Modal file plans offline; effective is what a deploy would send."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_modal.errors import SourceError
from pulumi_modal.planning.plan import plan_one
from tests.fakes.planning import a_request

TIMES = {"timeout": 300, "startup_timeout": 300}


@pytest.mark.parametrize(
    ("source", "functions"),
    [
        pytest.param(
            "functions.py",
            {
                "generate": {
                    "gpu": "T4",
                    "cpu": 2,
                    "memory": 2048,
                    "timeout": 100,
                    "startup_timeout": 100,
                },
                "plain": TIMES,
                "nightly": TIMES
                | {
                    "retries": {
                        "max_retries": 2,
                        "backoff_coefficient": 2,
                        "initial_delay": 1,
                        "max_delay": 60,
                    },
                    "schedule": "Cron('0 4 * * *', UTC)",
                },
            },
            id="functions",
        ),
        pytest.param(
            "classes.py",
            {
                "Model": TIMES
                | {
                    "gpu": "A100",
                    "max_containers": 3,
                    "scaledown_window": 30,
                    "max_inputs": 8,
                    "target_inputs": 6,
                    "max_in_flight": 24,
                },
                "Batcher": TIMES | {"max_batch_size": 8, "wait_ms": 100},
            },
            id="classes",
        ),
        pytest.param(
            "server.py",
            {
                "Llm": {
                    "gpu": "L40S",
                    "startup_timeout": 30,
                    "target_inputs": 5,
                    "routing_region": "us-east",
                    "web": {"requires_proxy_auth": True},
                }
            },
            id="server",
        ),
        pytest.param(
            "looped.py",
            {
                "infer-t4": TIMES | {"gpu": "T4"},
                "infer-a100": TIMES | {"gpu": "A100"},
                "infer-h100": TIMES | {"gpu": "H100"},
            },
            id="made in a loop",
        ),
        pytest.param("nested.py", {"plus-1": TIMES}, id="nested and serialized"),
        pytest.param(
            "included.py", {"inner": TIMES | {"gpu": "T4"}, "outer": TIMES}, id="included app"
        ),
        pytest.param("package/main.py", {"f": TIMES}, id="package with a relative import"),
        pytest.param(
            "web.py",
            {
                "api": TIMES
                | {"max_inputs": 20, "web": {"label": "chat", "requires_proxy_auth": True}},
                "Pages": TIMES | {"web": {"requires_proxy_auth": False}},
            },
            id="web",
        ),
        pytest.param(
            "batched.py",
            {"double": TIMES | {"gpu": "A10", "max_batch_size": 4, "wait_ms": 50}},
            id="batched",
        ),
        pytest.param(
            "needs.py",
            {"fetch": TIMES | {"secrets": ["hf-dev"], "volumes": {"/models": "models"}}},
            id="secrets and volumes",
        ),
        pytest.param("built.py", {"infer": TIMES}, id="image with run_function"),
        pytest.param(
            "heavy_imports.py", {"infer": TIMES | {"gpu": "H100"}}, id="imports only in the image"
        ),
    ],
)
def test_each_style_shows_its_effective_settings(
    source: str, functions: dict[str, dict[str, Any]]
) -> None:
    plan = plan_one(a_request(source))
    found = {name: dict(function.effective) for name, function in plan.functions.items()}
    assert found == functions


def test_the_wanted_app_of_two_is_planned() -> None:
    plan = plan_one(a_request("two_apps.py", app="back"))
    assert (plan.app_in_code, set(plan.functions)) == ("back", {"compute"})


def test_two_apps_and_none_called_app_ask_for_a_choice() -> None:
    with pytest.raises(SourceError, match=r"several apps \(back, front\); name one as `app`"):
        plan_one(a_request("two_apps.py"))


def test_a_wrong_app_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SourceError, match=r"no modal.App called 'bakc'; did you mean 'back'"):
        plan_one(a_request("two_apps.py", app="bakc"))


def test_kinds_methods_and_web_urls_are_told_apart() -> None:
    plan = plan_one(a_request("classes.py"))
    assert plan.functions["Model"].kind == "class"
    assert plan.functions["Model"].methods == ("generate", "score")
    assert not plan.functions["Model"].web
    assert plan_one(a_request("server.py")).functions["Llm"].kind == "server"
    assert plan_one(a_request("web.py")).functions["Pages"].web


def test_a_package_uploads_its_files_and_a_file_only_itself() -> None:
    package = plan_one(a_request("package/main.py"))
    single = plan_one(a_request("functions.py"))
    assert set(package.digest.files) == {
        "/root/package/__init__.py",
        "/root/package/main.py",
        "/root/package/tools.py",
    }
    assert set(single.digest.files) == {"/root/functions.py"}


def test_needed_secrets_and_volumes_are_named() -> None:
    plan = plan_one(a_request("needs.py"))
    assert [(one.name, one.required_keys) for one in plan.secrets] == [("hf-dev", ("HF_TOKEN",))]
    assert [(one.name, one.created_if_missing) for one in plan.volumes] == [("models", True)]


def test_no_secret_value_enters_a_plan() -> None:
    plan = plan_one(a_request("needs.py", overrides={"fetch": {"env": {"MODE": "stack"}}}))
    assert "not-for-the-state" not in plan.model_dump_json()


def test_a_file_that_prints_and_starts_threads_and_processes_does_no_harm() -> None:
    plan = plan_one(a_request("noisy.py"))
    assert plan.output.split("\n") == ["printed at import", "written to fd 1", "from a child"]


def test_a_local_module_that_is_not_uploaded_is_a_warning_with_the_cure() -> None:
    (warning,) = plan_one(a_request("helper_user.py")).warnings
    assert warning == (
        "lonely_helper.py is imported by f but not uploaded, so its container would fail; add it"
        " to the image: `image.add_local_python_source('lonely_helper')`"
    )


def test_a_local_module_that_is_uploaded_is_no_warning() -> None:
    assert plan_one(a_request("helper_sender.py")).warnings == ()


def test_memory_as_text_in_code_is_a_warning_that_the_stack_can_cure() -> None:
    (warning,) = plan_one(a_request("text_memory.py")).warnings
    cured = plan_one(a_request("text_memory.py", overrides={"f": {"memory": 16384}}))
    assert (
        "functions.f.memory: the code says memory='16Gi', which the modal SDK silently" in warning
    )
    assert cured.warnings == ()
    assert cured.functions["f"].effective["memory"] == 16384
    assert cured.functions["f"].code == {"memory": "16Gi"}
