"""Look-ups of what is in Modal, whoever made it: for programs that build on it.

Each asks Modal while the program runs, also at preview. The plain form answers at once and takes
plain values; `..._output` takes outputs of resources, and waits for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pulumi

from pulumi_modal.errors import ModalStackError
from pulumi_modal.provider import lookup
from pulumi_modal.spec.lookups import (
    GetAppResult,
    GetEnvironmentResult,
    GetFunctionResult,
    GetSecretResult,
    GetVolumeResult,
)
from pulumi_modal.spec.resources.model import LOCAL

ResultT = TypeVar("ResultT")


def get_environment(name: str, *, workspace: str = LOCAL) -> GetEnvironmentResult:
    """Look up an environment.

    :param name: Its name, as in `modal environment list`.
    :param workspace: The workspace it belongs to; `local` is the project's own local Modal.
    """
    return _told(lookup.environment, {"name": name, "workspace": workspace})


def get_environment_output(
    name: pulumi.Input[str],
    *,
    workspace: pulumi.Input[str] = LOCAL,
    opts: pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetEnvironmentResult]:
    """Look up an environment, once the arguments are known.

    :param name: Its name, as in `modal environment list`.
    :param workspace: The workspace it belongs to; `local` is the project's own local Modal.
    :param opts: What it depends on (`depends_on`).
    """
    return _when_known(lookup.environment, {"name": name, "workspace": workspace}, opts)


def get_app(name: str, *, environment: str, workspace: str = LOCAL) -> GetAppResult:
    """Look up an app that is deployed.

    :param name: Its name in Modal.
    :param environment: The environment it is deployed to.
    :param workspace: The workspace of that; `local` is the project's own local Modal.
    """
    said = {"name": name, "environment": environment, "workspace": workspace}
    return _told(lookup.app, said)


def get_app_output(
    name: pulumi.Input[str],
    *,
    environment: pulumi.Input[str],
    workspace: pulumi.Input[str] = LOCAL,
    opts: pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetAppResult]:
    """Look up an app that is deployed, once the arguments are known.

    :param name: Its name in Modal.
    :param environment: The environment it is deployed to.
    :param workspace: The workspace of that; `local` is the project's own local Modal.
    :param opts: What it depends on (`depends_on`).
    """
    said = {"name": name, "environment": environment, "workspace": workspace}
    return _when_known(lookup.app, said, opts)


def get_function(
    app_name: str, function: str, *, environment: str, workspace: str = LOCAL
) -> GetFunctionResult:
    """Look up a function, class or server of an app that is deployed: URL and settings.

    :param app_name: Name of the app in Modal.
    :param function: Name of the function, class or server.
    :param environment: The environment the app is deployed to.
    :param workspace: The workspace of that; `local` is the project's own local Modal.
    """
    said = {"app_name": app_name, "function": function}
    return _told(lookup.function, {**said, "environment": environment, "workspace": workspace})


def get_function_output(
    app_name: pulumi.Input[str],
    function: pulumi.Input[str],
    *,
    environment: pulumi.Input[str],
    workspace: pulumi.Input[str] = LOCAL,
    opts: pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetFunctionResult]:
    """Look up a function, class or server, once the arguments are known: URL and settings.

    :param app_name: Name of the app in Modal.
    :param function: Name of the function, class or server.
    :param environment: The environment the app is deployed to.
    :param workspace: The workspace of that; `local` is the project's own local Modal.
    :param opts: What it depends on (`depends_on`).
    """
    said = {"app_name": app_name, "function": function}
    said |= {"environment": environment, "workspace": workspace}
    return _when_known(lookup.function, said, opts)


def get_secret(name: str, *, environment: str, workspace: str = LOCAL) -> GetSecretResult:
    """Look up a secret: names and dates, for Modal tells no value.

    :param name: Its name, as in `modal secret list`.
    :param environment: The environment it belongs to.
    :param workspace: The workspace of that; `local` is the project's own local Modal.
    """
    said = {"name": name, "environment": environment, "workspace": workspace}
    return _told(lookup.secret, said)


def get_secret_output(
    name: pulumi.Input[str],
    *,
    environment: pulumi.Input[str],
    workspace: pulumi.Input[str] = LOCAL,
    opts: pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetSecretResult]:
    """Look up a secret, once the arguments are known: names and dates.

    :param name: Its name, as in `modal secret list`.
    :param environment: The environment it belongs to.
    :param workspace: The workspace of that; `local` is the project's own local Modal.
    :param opts: What it depends on (`depends_on`).
    """
    said = {"name": name, "environment": environment, "workspace": workspace}
    return _when_known(lookup.secret, said, opts)


def get_volume(name: str, *, environment: str, workspace: str = LOCAL) -> GetVolumeResult:
    """Look up a volume.

    :param name: Its name, as in `modal volume list`.
    :param environment: The environment it belongs to.
    :param workspace: The workspace of that; `local` is the project's own local Modal.
    """
    said = {"name": name, "environment": environment, "workspace": workspace}
    return _told(lookup.volume, said)


def get_volume_output(
    name: pulumi.Input[str],
    *,
    environment: pulumi.Input[str],
    workspace: pulumi.Input[str] = LOCAL,
    opts: pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[GetVolumeResult]:
    """Look up a volume, once the arguments are known.

    :param name: Its name, as in `modal volume list`.
    :param environment: The environment it belongs to.
    :param workspace: The workspace of that; `local` is the project's own local Modal.
    :param opts: What it depends on (`depends_on`).
    """
    said = {"name": name, "environment": environment, "workspace": workspace}
    return _when_known(lookup.volume, said, opts)


def _told(ask: Callable[..., ResultT], said: Mapping[str, Any]) -> ResultT:
    """The answer; what cannot be looked up is told in one line, as Pulumi does with this error."""
    try:
        return ask(**said)
    except ModalStackError as error:
        raise pulumi.RunError(str(error)) from None


def _when_known(
    ask: Callable[..., ResultT],
    said: Mapping[str, pulumi.Input[str]],
    opts: pulumi.InvokeOutputOptions | None,
) -> pulumi.Output[ResultT]:
    """The answer, asked for in a thread, so that the program goes on meanwhile."""

    async def answer(known: Mapping[str, Any]) -> ResultT:
        return await asyncio.to_thread(_told, ask, known["said"])

    waited = pulumi.Output.from_input(opts.depends_on if opts else None).apply(_ids)
    return pulumi.Output.all(said=dict(said), waited=waited).apply(answer)


def _ids(depends_on: Any) -> pulumi.Output[Any]:
    """Known only when all that it depends on is there."""
    if depends_on is None:
        return pulumi.Output.from_input(None)
    several = depends_on if isinstance(depends_on, Sequence) else [depends_on]
    ids = [getattr(one, "id", one.urn) for one in several]  # a component has no id
    return pulumi.Output.all(*ids)
