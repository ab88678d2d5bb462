"""The tables of docs/resources, from the models that check the resources.

`python -m pulumi_modal.commands.schema_pages docs/resources` writes them between their marks; a
test compares pages and models.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from pulumi_modal.provider.catalogue import SCHEMAS
from pulumi_modal.spec.reference import row_of
from pulumi_modal.spec.resources.secret import COMPUTED

_MARKED: Final = re.compile(r"(<!-- (inputs|outputs): (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def updated(page: str) -> str:
    """The page with all of its tables as the models are now."""
    return _MARKED.sub(lambda found: f"{found[1]}{table(found[2], found[3])}{found[4]}", page)


def table(kind: str, name: str) -> str:
    """The inputs of a resource, or its outputs, in Markdown."""
    return _inputs(name) if kind == "inputs" else _outputs(name)


def _inputs(name: str) -> str:
    schema = SCHEMAS[name]
    head = ["Input", "What it is", "Default", "Allowed", "Example", "A change"]
    rows = []
    for key, info in schema.inputs.model_fields.items():
        if key not in COMPUTED:
            effect = schema.effects[key]
            rows.append([*row_of(key, info), f"{effect.kind}: {effect.reason}"])
    return _text(head, rows)


def _outputs(name: str) -> str:
    told = SCHEMAS[name].outputs.model_fields
    rows = []
    for key, info in told.items():
        cells = row_of(key, info)
        rows.append([cells[0], cells[1], cells[-1]])
    return _text(["Output", "What it is", "Example"], rows)


def _text(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(folder: Path) -> None:
    """Write the tables of every page."""
    for path in sorted(folder.glob("*.md")):
        path.write_text(updated(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
