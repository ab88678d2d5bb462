"""`pulumi-modal schema`: what every resource takes and tells."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

_Name = Annotated[str, typer.Argument(help="A resource, as Volume; all of them when left out.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the whole schema as JSON.")]


def schema(name: _Name = "", *, as_json: _Json = False) -> None:
    """Tell what the resources take and tell, and what a change of each input does.

    With --json in the form of Pulumi's package schemas, made from the models that check inputs.

    \b
    Examples:
      pulumi-modal schema Volume
      pulumi-modal schema --json > schema.json
    """
    from pulumi_modal.commands.schema_package import package_schema  # late: it loads all models
    from pulumi_modal.commands.schema_pages import table
    from pulumi_modal.provider.catalogue import SCHEMAS
    from pulumi_modal.spec.problem import nearest_of

    if name and name not in SCHEMAS:
        near = nearest_of(name, SCHEMAS)
        meant = f"did you mean {near}?" if near else f"there are {', '.join(SCHEMAS)}"
        sys.stderr.write(f"error: there is no resource {name}; {meant}\n")
        raise typer.Exit(2)
    if as_json:
        whole = package_schema()
        token = f"modal:index:{name}"
        found = {token: whole["resources"][token]} if name else whole
        print(json.dumps(found, indent=2, ensure_ascii=False))  # noqa: T201 - the result
        return
    for one in [name] if name else SCHEMAS:
        print(f"# {one}\n\n{table('inputs', one)}\n{table('outputs', one)}")  # noqa: T201
