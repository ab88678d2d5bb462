"""Inputs that end in plain text, in the state and in an app: a secret is refused there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_modal.spec.problem import join


def open_value(value: Any, path: str) -> Any:
    """The value; outputs in it fail as soon as a secret turns up in them."""
    if isinstance(value, Mapping):
        return {name: open_value(one, join(path, str(name))) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [open_value(one, join(path, at)) for at, one in enumerate(value)]
    if isinstance(value, pulumi.Output) or hasattr(value, "__await__"):
        return _opened(pulumi.Output.from_input(value), path)
    return value


def _opened(output: pulumi.Output[Any], path: str) -> pulumi.Output[Any]:
    async def value() -> Any:
        if await output.is_secret():
            raise pulumi.RunError(
                f"{path} is a secret, and would show in the state and in the app: put it into a"
                " Modal secret that the code names (`modal.Secret.from_name`), or say that it is"
                " none (`pulumi.Output.unsecret`)"
            )
        return await output.future(with_unknowns=True)

    known = asyncio.ensure_future(output.is_known())  # a task: nobody awaits it after a refusal
    return pulumi.Output(output.resources(), value(), known)
