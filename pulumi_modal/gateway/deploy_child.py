"""The deploying child: load the file with the stack's overrides, and deploy it by the SDK."""

# ruff: noqa: SLF001  # the blocking doors of the SDK would start a thread of their own

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import modal.runner
from modal._output.manager import OutputManager
from modal.client import _Client
from modal.exception import ImageBuildError

from pulumi_modal.errors import DeployFailed, ModalStackError
from pulumi_modal.gateway.port import DeployOrder
from pulumi_modal.gateway.progress import ToldOutput
from pulumi_modal.gateway.translation import translated
from pulumi_modal.source.load import load_app
from pulumi_modal.source.sdk import inner_app


def deploy(order: DeployOrder, tell: Callable[[Any], None]) -> dict[str, Any]:
    """Deploy; the app's id and Modal's warnings. Runs in a child made by `source.child.run`."""
    request = order.request
    loaded = load_app(request)
    output = ToldOutput(tell)
    OutputManager._set(output)
    what = f"deploying {request.environment}/{request.app_name}"
    try:
        result = asyncio.run(_deploy(inner_app(loaded.app), order))
    except ModalStackError:
        raise
    except ImageBuildError as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise DeployFailed(
            f"{what}: {said}; the build printed last: {' / '.join(output.last_lines)}"
        ) from error
    except Exception as error:
        raise translated(error, what) from error
    return {"app_id": result.app_id, "warnings": list(result.warnings)}


async def _deploy(app: Any, order: DeployOrder) -> Any:
    client = await _Client.from_env()
    return await modal.runner._deploy_app(
        app,
        name=order.request.app_name,
        environment_name=order.request.environment or None,
        tag=order.tag,
        deployment_strategy=order.strategy,
        client=client,
    )
