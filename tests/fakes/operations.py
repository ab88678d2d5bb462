"""Pulumi's operations on one resource, as the engine orders them, without an engine.

    secret = Managed(SecretProvider())
    secret.up(name="hf", environment="dev", workspace="local", values={"TOKEN": "x"})
    secret.refresh()

What is kept between operations is what a state would hold: an id, inputs and outputs.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from pulumi.dynamic import ResourceProvider

from pulumi_modal.provider.operation import Operation, as_current


@dataclass
class Managed:
    """A resource and its state; `said` is what was told of it."""

    provider: ResourceProvider
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    outs: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def checked(self, **news: Any) -> dict[str, Any]:
        """Inputs that pass the check."""
        result = self.provider.check(self.inputs, news)
        assert [(one.property, one.reason) for one in result.failures] == []
        return result.inputs

    def refusals(self, **news: Any) -> dict[str, str]:
        """What the check says against inputs, by property."""
        failures = self.provider.check(self.inputs, news).failures
        return {one.property: one.reason for one in failures}

    def replaces(self, **news: Any) -> list[str]:
        """Which changes would replace it: what a preview asks."""
        inputs = self.checked(**news)
        with self.operation():
            found = self.provider.diff(self.id, self.outs, inputs).replaces or []
            predict = getattr(self.provider, "predict", None)
            if not found and predict:
                predict(self.outs, inputs)
        return found

    def up(self, **news: Any) -> dict[str, Any]:
        """Create it, update it in place, or leave it; its outputs."""
        inputs = self.checked(**news)
        with self.operation():
            if not self.id:
                made = self.provider.create(inputs)
                self.id, self.outs = str(made.id), made.outs or {}
            elif inputs != self.inputs:
                assert self.provider.diff(self.id, self.outs, inputs).replaces == []
                self.outs = self.provider.update(self.id, self.outs, inputs).outs or {}
        self.inputs = inputs
        return self.outs

    def refresh(self, *, handed_on: bool = True) -> bool:
        """Read it; whether it is still there. Pulumi's own host does not hand the inputs on."""
        with self.operation(self.inputs if handed_on else {}):
            found = self.provider.read(self.id, self.outs)
        if not found.id:
            self.id, self.inputs, self.outs = "", {}, {}
            return False
        self.outs = found.outs or {}
        self.inputs = self.inputs if found.inputs is None else found.inputs
        return True

    def take(self, id_: str) -> None:
        """Import it: nothing is known but the id."""
        with self.operation():
            found = self.provider.read(id_, {})
        assert found.id, f"{id_} is not there"
        self.id, self.inputs, self.outs = found.id, found.inputs or {}, found.outs or {}

    def destroy(self) -> None:
        """Delete it."""
        with self.operation():
            self.provider.delete(self.id, self.outs)
        self.id, self.inputs, self.outs = "", {}, {}

    def operation(self, inputs: dict[str, Any] | None = None) -> AbstractContextManager[None]:
        """An operation in progress that keeps what it tells."""
        say = self.said.append
        return as_current(Operation(tell=say, note=say, warn=say, inputs=inputs or {}))
