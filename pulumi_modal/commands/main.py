"""`pulumi-modal`: what a stack's people need beside `pulumi` itself.

Results go to stdout, talk goes to stderr. Exit 0: done; 1: refused or found something; 2: usage.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from typing import Annotated, Final

import typer

from pulumi_modal.commands.drift import drift
from pulumi_modal.commands.host import host
from pulumi_modal.commands.schema import schema

_LOCAL_MODAL: Final = "modal_local"  # named only, never imported: the two meet on the wire
_COMMAND_VARIABLE: Final = "MODAL_LOCAL_COMMAND"  # how its help calls itself
_HANDED_OVER: Final = {"allow_extra_args": True, "ignore_unknown_options": True}
_Version = Annotated[bool, typer.Option("--version", help="Print the version and exit.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

app = typer.Typer(
    name="pulumi-modal",
    help="Pulumi provider for Modal: the local Modal, and more about a stack than pulumi tells.",
    epilog=(
        'Examples: pulumi-modal local start; eval "$(pulumi-modal local env)"; modal app list;'
        " pulumi-modal drift -s prod"
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line."""
    app()


@app.callback(invoke_without_command=True)
def root(*, show_version: _Version = False, as_json: _Json = False) -> None:
    """Options without a command."""
    if show_version:
        number = version("pulumi-modal")
        print(json.dumps({"version": number}) if as_json else number)  # noqa: T201 - the result
        raise typer.Exit


app.command(name="drift")(drift)
app.command(name="schema")(schema)
app.add_typer(host, name="host")


@app.command(name="local", context_settings=_HANDED_OVER, add_help_option=False)
def local(context: typer.Context) -> None:
    """The local Modal: start, stop, status, logs, fault, reset, env."""
    command = [sys.executable, "-P", "-m", _LOCAL_MODAL, *context.args]
    variables = {**os.environ, _COMMAND_VARIABLE: f"{context.find_root().info_name} local"}
    os.execve(sys.executable, command, variables)  # noqa: S606 - its exit status and signals are ours
