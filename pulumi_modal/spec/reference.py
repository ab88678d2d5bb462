"""The tables of docs/config.md, from the models themselves.

`python -m pulumi_modal.spec.reference docs/config.md` writes them between their marks; a test
compares page and models.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import PlainValidator
from pydantic.fields import FieldInfo

from pulumi_modal.spec.canary import Canary
from pulumi_modal.spec.environment import EnvironmentSpec
from pulumi_modal.spec.model import Frozen
from pulumi_modal.spec.overrides import FunctionOverrides
from pulumi_modal.spec.probe import Probe
from pulumi_modal.spec.retries import Retries
from pulumi_modal.spec.service import ServiceSpec
from pulumi_modal.spec.stack import StackSpec
from pulumi_modal.spec.stored import StoredSpec, VolumeSpec
from pulumi_modal.spec.vocabulary import IN_CODE, OLD_WORDS, ON_METHODS
from pulumi_modal.spec.web import Web

MODELS: Final[Mapping[str, type[Frozen]]] = {
    "stack": StackSpec,
    "environment": EnvironmentSpec,
    "service": ServiceSpec,
    "settings": FunctionOverrides,
    "retries": Retries,
    "web": Web,
    "probe": Probe,
    "canary": Canary,
    "volume": VolumeSpec,
    "stored": StoredSpec,
}
WRITTEN: Final[Mapping[tuple[str, str], str]] = {("service", "app_name"): "name"}
"""Fields that have another name in stack files."""
_NOT_WRITTEN: Final = frozenset(
    {("service", "name"), ("service", "settings"), ("stack", "environment_settings")}
)
_MARKED: Final = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def keys(table: str) -> dict[str, FieldInfo]:
    """The keys of a map in a stack file, as they are written there."""
    return {
        WRITTEN.get((table, name), name): info
        for name, info in MODELS[table].model_fields.items()
        if (table, name) not in _NOT_WRITTEN
    }


def rows(table: str) -> list[list[str]]:
    """A row for each key: key, what it is, default, allowed, example."""
    if table == "old-words":
        return [[f"`{old}`", f"`{new}`", why] for old, (new, why) in OLD_WORDS.items()]
    if table == "old-words-of-methods":
        return [[f"`{old}`", f"`{new}`", why] for old, (new, why) in ON_METHODS.items()]
    if table == "in-code":
        return [[f"`{name}`", why] for name, why in IN_CODE.items()]
    return [row_of(name, info) for name, info in keys(table).items()]


def table_text(table: str) -> str:
    """The table in Markdown."""
    heads = {
        "old-words": ["Old", "Becomes", "Why"],
        "old-words-of-methods": ["Under a method", "Becomes, on the class", "Why"],
        "in-code": ["Argument", "Why not here"],
    }
    head = heads.get(table, ["Key", "What it is", "Default", "Allowed", "Example"])
    lines = [head, ["---"] * len(head), *rows(table)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def updated(page: str) -> str:
    """The page with all of its tables as the models are now."""
    return _MARKED.sub(lambda found: f"{found[1]}{table_text(found[2])}{found[3]}", page)


def row_of(name: str, info: FieldInfo) -> list[str]:
    """The row of one field: key, what it is, default, allowed, example."""
    extra: dict[str, Any] = (
        info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    )
    unit = f" Unit: {extra['unit']}." if extra.get("unit") else ""
    example = f"`{extra['example']}`" if extra.get("example") else ""
    cells = [f"`{name}`", f"{info.description}{unit}", str(extra.get("default", ""))]
    return [*cells, _allowed(info, extra), example]


def _allowed(info: FieldInfo, extra: Mapping[str, Any]) -> str:
    for one in info.metadata:
        if isinstance(one, PlainValidator):
            return str(getattr(one.func, "allowed", ""))
    return str(extra.get("allowed", ""))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(updated(path.read_text("utf-8")), "utf-8")
