"""The id of a resource: what finds it in Modal, also for an import, which has nothing else."""

from __future__ import annotations

from typing import Final

from pulumi_modal.errors import SpecError
from pulumi_modal.spec.naming import ENVIRONMENT_NAME, OBJECT_NAME, WORKSPACE_NAME
from pulumi_modal.spec.refusal import Refusal
from pulumi_modal.spec.resources.model import LOCAL

_RULES: Final = {
    "workspace": WORKSPACE_NAME,
    "environment": ENVIRONMENT_NAME,
    "name": OBJECT_NAME,
}


def place_of(id_: str, *, wanted: tuple[str, ...] = ("environment", "name")) -> dict[str, str]:
    """Workspace, environment and name from an id; an import may write `<workspace>/` before it."""
    parts = id_.split("/")
    names = wanted if len(parts) == len(wanted) else ("workspace", *wanted)
    if len(parts) != len(names) or not all(parts):
        form = "/".join(f"<{name}>" for name in wanted)
        raise SpecError(f"{id_}: is not an id; write {form}, or <workspace>/{form}")
    found = {"workspace": LOCAL}
    for name, part in zip(names, parts, strict=True):
        rule = _RULES.get(name)
        try:
            found[name] = rule(part) if rule else part
        except Refusal as refusal:
            raise SpecError(f"{id_}: the {name} {refusal.message}; {refusal.allowed}") from None
    return found
