"""The environment of a container: what Modal would give it, and nothing of the server's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from modal_local.model import BuiltImage, TaskSpec

CLIENT_VARIABLE: Final = "MODAL_LOCAL_CLIENT_PATH"
"""Where an image says its client lies; not passed on."""
REGION: Final = "local"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a container finds things, in its own view."""

    home: str
    arguments: str
    temporary: str


def container_variables(
    task: TaskSpec,
    image: BuiltImage,
    *,
    secrets: Mapping[str, str],
    server_url: str,
    paths: Paths,
) -> dict[str, str]:
    """Variables of the image, then secrets, then the contract's."""
    variables = {name: value for name, value in image.env.items() if name != CLIENT_VARIABLE}
    variables.update(secrets)
    client = image.env.get(CLIENT_VARIABLE, "")
    own_path = variables.get("PYTHONPATH", "")
    variables.setdefault("HOME", paths.home)
    variables.setdefault("TMPDIR", paths.temporary)
    variables.setdefault("PYTHONUNBUFFERED", "1")
    variables["PATH"] = f"{image.python.parent}:{variables.get('PATH', '/usr/bin:/bin')}"
    variables["PYTHONPATH"] = ":".join(part for part in (paths.home, client, own_path) if part)
    if not asked_gpu(task):
        variables["CUDA_VISIBLE_DEVICES"] = ""  # as on Modal: no GPU unless one is asked for
    variables.update(_contract(task, image, server_url, paths))
    return variables


def asked_gpu(task: TaskSpec) -> bool:
    """Whether the function wants a GPU."""
    resources = task.function.definition.resources
    return bool(resources.gpu_config.gpu_type or resources.gpu_config.count)


def _contract(task: TaskSpec, image: BuiltImage, server_url: str, paths: Paths) -> dict[str, str]:
    return {
        "MODAL_SERVER_URL": server_url,
        "MODAL_IS_REMOTE": "1",
        "MODAL_TASK_ID": task.task_id,
        "MODAL_CONTAINER_ARGUMENTS_PATH": paths.arguments,
        "MODAL_OVERRIDE_HEADERS": f"x-task:{task.task_id}:{task.secret}",
        "MODAL_IMAGE_ID": image.image_id,
        "MODAL_ENVIRONMENT": task.function.environment,
        "MODAL_CLOUD_PROVIDER": "CLOUD_PROVIDER_UNSPECIFIED",
        "MODAL_REGION": REGION,
        "MODAL_DISABLE_API_PROXY": "1",
        "MODAL_CONFIG_PATH": f"{paths.home}/.modal.toml",
    }
