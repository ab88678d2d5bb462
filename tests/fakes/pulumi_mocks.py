"""Run a program against Pulumi's own mocks: what it declares, and what its outputs become."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pulumi
import pytest
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_pulumi_func


@dataclass
class Declared:
    """The resources of a program by name, and the value it answered."""

    resources: dict[str, mocks.MockResourceArgs] = field(default_factory=dict)
    answer: Any = None

    def types(self) -> dict[str, str]:
        """Type by name."""
        return {name: one.typ for name, one in self.resources.items()}


class _Mocks(mocks.Mocks):
    def __init__(self, declared: Declared, computed: Mapping[str, Any]) -> None:
        self._declared = declared
        self._computed = computed

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self._declared.resources[args.name] = args
        return f"{args.name}-id", {**args.inputs, **self._computed}

    def call(self, args: mocks.MockCallArgs) -> NoReturn:
        raise NotImplementedError(args.token)


def declared_by(program: Callable[[], Any], **computed: Any) -> Declared:
    """Run the program; every resource gets the computed outputs beside its inputs."""
    declared = Declared()

    async def run() -> None:
        mocks.set_mocks(_Mocks(declared, computed), project="project", stack="stack")
        answer = pulumi.Output.from_input(program())

        async def keep() -> None:
            declared.answer = await answer.future()

        await run_pulumi_func(keep)

    with _closing_loops():
        try:
            asyncio.run(run())
        finally:
            settings.SETTINGS.outputs.clear()  # those that failed wait for their program's end
    return declared


@contextmanager
def _closing_loops() -> Iterator[None]:
    """The mocks make an event loop in each thread that they use, and close none of them."""
    made: list[asyncio.AbstractEventLoop] = []

    def new_event_loop() -> asyncio.AbstractEventLoop:
        made.append(asyncio.events.new_event_loop())
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", new_event_loop)
        try:
            yield
        finally:
            for loop in made:
                loop.close()
