"""The environment of a container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modal_proto import api_pb2

from modal_local.model import BuiltImage, LiveFunction, TaskSpec
from modal_local.supervisor.variables import Paths, container_variables


def a_task(**definition: Any) -> TaskSpec:
    return TaskSpec(
        task_id="ta-1",
        secret="s3cret",
        function=LiveFunction(
            function_id="fu-1",
            base_function_id="fu-1",
            definition_id="de-1",
            tag="f",
            app_id="ap-1",
            app_name="shop",
            environment="dev",
            version=1,
            definition=api_pb2.Function(**definition),
            autoscaler=api_pb2.AutoscalerSettings(),
            serialized_params=b"",
            layout=api_pb2.AppLayout(),
        ),
    )


def variables(task: TaskSpec, env: dict[str, str], **secrets: str) -> dict[str, str]:
    image = BuiltImage(
        image_id="im-1", python=Path("/env/bin/python"), env=env, workdir="", files=()
    )
    paths = Paths(home="/root", arguments="/__modal/arguments", temporary="/tmp")  # noqa: S108 - as containers see it
    return container_variables(
        task, image, secrets=secrets, server_url="http://127.0.0.1:1", paths=paths
    )


def test_secrets_win_over_the_image_and_the_contract_over_both() -> None:
    found = variables(a_task(), {"A": "image", "MODAL_TASK_ID": "x"}, A="secret")
    assert (found["A"], found["MODAL_TASK_ID"]) == ("secret", "ta-1")


def test_the_environment_and_the_app_come_first_on_the_paths() -> None:
    found = variables(
        a_task(), {"PATH": "/usr/bin", "PYTHONPATH": "/own", "MODAL_LOCAL_CLIENT_PATH": "/client"}
    )
    assert found["PATH"] == "/env/bin:/usr/bin"
    assert found["PYTHONPATH"] == "/root:/client:/own"
    assert "MODAL_LOCAL_CLIENT_PATH" not in found


def test_the_server_s_own_environment_stays_outside(monkeypatch: Any) -> None:
    monkeypatch.setenv("MODAL_TOKEN_SECRET", "as-1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert not {"MODAL_TOKEN_SECRET", "AWS_SECRET_ACCESS_KEY"} & set(variables(a_task(), {}))


def test_a_function_without_gpu_sees_none() -> None:
    gpu = api_pb2.Resources(gpu_config=api_pb2.GPUConfig(gpu_type="H100", count=1))
    assert variables(a_task(), {})["CUDA_VISIBLE_DEVICES"] == ""
    assert "CUDA_VISIBLE_DEVICES" not in variables(a_task(resources=gpu), {})
