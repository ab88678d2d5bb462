"""`start`, `stop`, `status`, `logs`, `reset`, `env` and `serve`.

Results go to stdout, talk goes to stderr. Exit 0: done; 1: refused, or not running; 2: usage.
"""

from __future__ import annotations

import json
import logging
import shlex
import shutil
from dataclasses import asdict
from types import ModuleType
from typing import Annotated, Final

import typer

from modal_local.commands import fault, process
from modal_local.commands.terminal import AsJson, print_json, running_server, say, sentences
from modal_local.errors import LocalModalError
from modal_local.settings import Home, command_name, find_home, read_access

_PROGRAM: Final = command_name()
_LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
app = typer.Typer(
    name="modal_local",
    help="A Modal for one machine: the stock client deploys to it, and it runs the functions.\n\n"
    'Its state is in $MODAL_LOCAL_HOME, else in ".local-modal" beside the next Pulumi.yaml, '
    'else in "~/.modal-local".',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(fault.app, name="fault")


def main() -> None:
    """Run the command line; errors are sentences."""
    app(prog_name=_PROGRAM)


@app.command(epilog=f"Example: {_PROGRAM} start")
def start(*, as_json: AsJson = False) -> None:
    """Start the local Modal in the background and wait until it answers."""
    with sentences():
        home = find_home()
        running = process.find_running(home)
        was_running = running is not None
        if running is None:
            running = process.start(home)
        say("runs already" if was_running else "started", f"in {home.path}, pid {running.pid}")
        if as_json:
            facts = {**asdict(running), "home": str(home.path), "was_running": was_running}
            print_json(facts)
        else:
            print(running.server_url)  # noqa: T201 - the result


@app.command(epilog=f"Example: {_PROGRAM} stop")
def stop(*, as_json: AsJson = False) -> None:
    """Stop the local Modal and every container; apps come back with the next start."""
    with sentences():
        home = find_home()
        was_running = process.stop(home)
        say("stopped" if was_running else "was not running", f"in {home.path}")
        if as_json:
            print_json({"home": str(home.path), "was_running": was_running})


@app.command(epilog=f"Example: {_PROGRAM} status --json")
def status(*, as_json: AsJson = False) -> None:
    """Show the address, the apps, and the containers with the GPU that each asked for."""
    with sentences():
        home = find_home()
        running, access = running_server(home)
        found = _report().status(access)
        if as_json:
            facts = {
                "home": str(home.path),
                "server_url": running.server_url,
                "pid": running.pid,
                "workspace": access.workspace,
                **asdict(found),
            }
            print_json(facts)
            return
        head = f"{running.server_url}  workspace {access.workspace}, pid {running.pid}, {home.path}"
        _report().print_status(head, found)


@app.command(epilog=f"Example: {_PROGRAM} logs infer-t4 --follow")
def logs(
    app_name: Annotated[
        str, typer.Argument(metavar="[APP]", help="Name or id of an app; without one, the server.")
    ] = "",
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines.")] = False,
    tail: Annotated[int, typer.Option(min=1, max=20_000, help="How many lines.")] = 100,
    environment: Annotated[str, typer.Option("--env", "-e", help="Of this environment.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print an object a line.")] = False,
) -> None:
    """Print what the containers of an app, or the server itself, had to say."""
    with sentences():
        home = find_home()
        if app_name:
            _, access = running_server(home)
            wanted = (app_name, environment)
            _report().print_logs(access, wanted, tail, follow=follow, as_json=as_json)
        elif follow:
            raise LocalModalError("name an app to follow its log")
        else:
            lines = home.log.read_text(errors="replace").splitlines() if home.log.exists() else []
            for line in lines[-tail:]:
                print(json.dumps({"text": line}) if as_json else line)  # noqa: T201 - the result


@app.command(epilog=f"Example: {_PROGRAM} reset --yes")
def reset(
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove every app, secret, volume and image of a local Modal that is not running."""
    with sentences():
        home = find_home()
        if process.find_running(home) is not None:
            raise LocalModalError(f"the local Modal in {home.path} is running: stop it first")
        _check_is_home(home)
        if not yes and not typer.confirm(f"Remove everything in {home.path}?", err=True):
            raise typer.Exit(1)
        existed = home.path.exists()
        if existed:
            shutil.rmtree(home.path)
        say("removed" if existed else "nothing is", f"in {home.path}")
        if as_json:
            print_json({"home": str(home.path), "existed": existed})


@app.command(epilog=f'Example: eval "$({_PROGRAM} env)"')
def env(*, as_json: AsJson = False) -> None:
    """Print what points a stock modal client at the local Modal, for `eval`."""
    with sentences():
        home = find_home()
        access = read_access(home)
        if access is None:
            raise LocalModalError(f"there is no local Modal in {home.path} yet: start it first")
        variables = access.variables(home)
        if as_json:
            print_json(variables)
            return
        for name, value in variables.items():
            print(f"export {name}={shlex.quote(value)}")  # noqa: T201 - the result


@app.command(epilog=f"Example: {_PROGRAM} serve")
def serve() -> None:
    """Run the local Modal in the foreground, until Ctrl-C."""
    from modal_local.server import run  # late: it imports all of the server

    logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT)
    logging.getLogger("grpclib").setLevel(logging.WARNING)  # clients that hang up are no news
    with sentences():
        run(find_home())


def _report() -> ModuleType:
    from modal_local.commands import report  # late: it imports all RPCs of the client

    return report


def _check_is_home(home: Home) -> None:
    """A folder that was never a local Modal's is not removed."""
    if home.path.exists() and any(home.path.iterdir()) and not home.config.exists():
        raise LocalModalError(
            f"{home.path} does not look like the folder of a local Modal: it has no modal.toml"
        )
