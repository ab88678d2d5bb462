"""The deploying child: load the file with the stack's overrides, and deploy it by the SDK."""

# ruff: noqa: SLF001  # the blocking doors of the SDK would start a thread of their own

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import modal.runner
from modal._output.manager import OutputManager
from modal.client import _Client
from modal.exception import ImageBuildError, ServerWarning

from pulumi_modal.errors import DeployFailed, ModalStackError
from pulumi_modal.gateway.commit import deploy_as
from pulumi_modal.gateway.inline_secrets import note_inline_secrets
from pulumi_modal.gateway.port import DeployOrder
from pulumi_modal.gateway.progress import ToldOutput, images_below, standing
from pulumi_modal.gateway.translation import translated
from pulumi_modal.source.load import load_app
from pulumi_modal.source.redaction import KNOWN
from pulumi_modal.source.sdk import inner_app


def deploy(order: DeployOrder, tell: Callable[[Any], None]) -> dict[str, Any]:
    """Deploy; the app's id and Modal's warnings. Runs in a child made by `source.child.run`."""
    inline = note_inline_secrets()
    request = order.request
    loaded = load_app(request)
    functions = inner_app(loaded.app)._local_state.functions
    images = images_below(functions.values())
    output = ToldOutput(lambda words: tell(KNOWN.hide(words)), lambda: standing(images))
    OutputManager._set(output)
    deploy_as(order.commit)
    what = f"deploying {request.environment}/{request.app_name}"
    try:
        with warnings.catch_warnings(record=True, action="always") as caught:
            result = _finished(_deploy(inner_app(loaded.app), order))
    except ModalStackError:
        raise
    except ImageBuildError as error:
        said = " ".join(str(error).split()).rstrip(".")
        lines = [line for line in output.last_lines if line.rstrip(".") not in said]
        printed = " / ".join(lines) or "nothing else"
        reason = KNOWN.hide(f"{what}: {said}; the build printed last: {printed}")
        raise DeployFailed(reason) from error
    except Exception as error:
        failure = translated(error, what, otherwise=DeployFailed)
        raise type(failure)(KNOWN.hide(str(failure))) from error
    said_by_modal = [str(one.message) for one in caught if one.category is ServerWarning]
    told = dict.fromkeys([*output.warnings, *said_by_modal])
    return {
        "app_id": result.app_id,
        "warnings": [KNOWN.hide(" ".join(one.split())) for one in told],
        "inline": inline,  # for the parent's memory, over a pipe
    }


def _finished(work: Coroutine[Any, Any, Any]) -> Any:
    """Run it to its end. Tasks of the SDK that it leaves behind end with this process.

    `asyncio.run` would cancel them and wait, without a deadline, for those that go on.
    """
    return asyncio.new_event_loop().run_until_complete(work)


async def _deploy(app: Any, order: DeployOrder) -> Any:
    app._local_state.tags = {**app._local_state.tags, **order.tags}  # sent with the create already
    client = await _Client.from_env()
    return await modal.runner._deploy_app(
        app,
        name=order.request.app_name,
        environment_name=order.request.environment or None,
        tag=order.tag,
        deployment_strategy=order.strategy,
        client=client,
    )
