"""`pulumi-modal host install`: our host for dynamic resources, for a project that has none yet."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

SCRIPT: Final = "pulumi-resource-pulumi-python"
"""The file's name is how Pulumi finds it."""
_PLACES: Final = (
    Path(__file__).parents[1] / "host" / SCRIPT,  # in a wheel
    Path(__file__).parents[2] / "engine" / "host" / SCRIPT,  # in the tree
)
_EXECUTABLE: Final = 0o755
_Folder = Annotated[Path, typer.Argument(help="Where to put it, in the project; commit it.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

host = typer.Typer(help="The process that runs dynamic resources for Pulumi.", no_args_is_help=True)


@host.callback()
def _commands() -> None:
    """Keeps `install` a command of its own while there is only one."""


@host.command(epilog="Example: pulumi-modal host install >> Pulumi.yaml")
def install(folder: _Folder = Path("modal-host"), *, as_json: _Json = False) -> None:
    """Put the host's script into a folder, and print the lines for Pulumi.yaml that name it.

    With it rows tell how far a deploy is, outputs are known at preview, and errors are one line.
    """
    text = next(place for place in _PLACES if place.is_file()).read_text("utf-8")
    path = folder / SCRIPT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(_EXECUTABLE)
    except OSError as error:
        sys.stderr.write(
            f"error: {path} cannot be written: {error.strerror}; name another folder\n"
        )
        raise typer.Exit(1) from None
    named = {"plugins": {"providers": [{"name": "pulumi-python", "path": folder.as_posix()}]}}
    sys.stderr.write(f"wrote {path}; Pulumi.yaml needs these lines, and both go into git:\n")
    print(json.dumps(named) if as_json else _yaml(folder))  # noqa: T201 - the result


def _yaml(folder: Path) -> str:
    place = json.dumps(folder.as_posix())  # YAML takes JSON's strings
    return f"plugins:\n  providers:\n    - name: pulumi-python\n      path: {place}"
