"""An app as an import finds it: all that Modal tells of it, from its id alone.

Where the file lies, what was uploaded and what the stack set over the code cannot be read back. So
the state does not claim that this stack has deployed what runs, and the next update deploys once:
Modal itself makes no version of what is equal.
"""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import ReadResult

from pulumi_modal.gateway.port import Gateway
from pulumi_modal.provider.app_outputs import app_ref, visible_outputs
from pulumi_modal.provider.props import Props


def is_imported(inputs: Props, olds: Props) -> bool:
    """True for the inputs that an import has read, which Pulumi checks as if they were declared."""
    return not inputs.get("source") and bool(olds) and inputs == olds


def imported(gateway: Gateway, place: Props) -> ReadResult:
    """The app in this place; gone when there is none."""
    said = {
        "workspace": place["workspace"],
        "environment": place["environment"],
        "app_name": place["name"],
    }
    app = app_ref(said)
    found = gateway.find(app)
    if found is None:
        return ReadResult(None, {})
    kinds = gateway.function_kinds(found.app_id)
    functions = {tag.removesuffix(".*"): gateway.function(app, tag) for tag in sorted(kinds)}
    inputs: dict[str, Any] = {
        **said,
        "functions": {
            tag.removesuffix(".*"): {"kind": kind, **_settings(functions[tag.removesuffix(".*")])}
            for tag, kind in sorted(kinds.items())
        },
    }
    return ReadResult(str(app), {**inputs, **visible_outputs(found, functions, inputs)}, inputs)


def _settings(found: Any) -> dict[str, Any]:
    return dict(found.settings) if found is not None else {}
