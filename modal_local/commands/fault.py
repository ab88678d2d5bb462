"""`fault`: what is to go wrong in a running local Modal, to see what a deploy makes of it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from modal_local.commands.terminal import AsJson, print_json, running_server, say, sentences
from modal_local.errors import Invalid
from modal_local.faults.book import Milestones
from modal_local.faults.order import Effect
from modal_local.settings import command_name, find_home

_PROGRAM: Final = f"{command_name()} fault"
_SECONDS: Final = re.compile(r"^(\d+(?:\.\d+)?)(ms|s|m)?$")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}
_WIDE: Final = 120
_SHOWN: Final = ("order_id", "rpc", "effect", "nth", "times", "about", "seen")
app = typer.Typer(
    help="Order faults: the n-th call of an RPC slow, refused, held or without its reply; a"
    " container killed or preempted.\n\nOrders are kept in memory and end with the server.",
    epilog=f"Examples: {_PROGRAM} add AppPublish --lose-reply;"
    f" {_PROGRAM} add FunctionCreate --nth 2 --refuse; {_PROGRAM} preempt my-app",
    no_args_is_help=True,
)


@app.command(epilog=f"Example: {_PROGRAM} add AppPublish --nth 3 --slow 5s --about my-app")
def add(  # noqa: PLR0913 - one option each
    rpc: Annotated[str, typer.Argument(help="As in the table of docs/local-modal.md.")],
    *,
    nth: Annotated[int, typer.Option(min=1, help="Of the calls from now on.")] = 1,
    times: Annotated[int, typer.Option(min=1, help="So many calls in a row.")] = 1,
    about: Annotated[
        str, typer.Option(help="Only calls with this in a field or header, or about this app.")
    ] = "",
    slow: Annotated[str, typer.Option(help="It begins so much later, such as 5s.")] = "",
    refuse: Annotated[bool, typer.Option("--refuse", help="It is not carried out.")] = False,
    status: Annotated[str, typer.Option(help="With which status of gRPC.")] = "UNAVAILABLE",
    lose_reply: Annotated[
        bool, typer.Option("--lose-reply", help="Carried out, then the connection is reset.")
    ] = False,
    hold: Annotated[
        bool, typer.Option("--hold", help="It waits until the order is cleared.")
    ] = False,
    hold_reply: Annotated[
        bool, typer.Option("--hold-reply", help="Carried out; its answer waits likewise.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Order a fault; without an effect the call is only counted, for `wait`."""
    effects = {
        Effect.SLOW: bool(slow),
        Effect.REFUSE: refuse,
        Effect.LOSE_REPLY: lose_reply,
        Effect.HOLD: hold,
        Effect.HOLD_REPLY: hold_reply,
    }
    chosen = [effect for effect, is_chosen in effects.items() if is_chosen] or [Effect.WATCH]
    with sentences():
        if len(chosen) > 1:
            raise Invalid(f"one order has one effect, not {' and '.join(chosen)}: give two orders")
        order = {"rpc": rpc, "nth": nth, "times": times, "about": about, "status": status}
        order |= {"effect": str(chosen[0]), "slow_s": _seconds(slow)}
        placed = _ask("Add", order)
        say("will", f"{placed['effect']} {rpc}")
        _result(placed, placed["order_id"], as_json=as_json)


@app.command(name="list", epilog=f"Example: {_PROGRAM} list --json")
def list_(*, as_json: AsJson = False) -> None:
    """Show the orders in force, and how many calls each has seen."""
    with sentences():
        orders = _ask("List", {}).get("orders", [])
        if as_json:
            print_json(orders)
            return
        console = Console()
        if not console.is_terminal:
            console.width = _WIDE
        table = Table("Order", "RPC", "Effect", "Nth", "Times", "About", "Seen", "Ended")
        for one in orders:
            ended = one["reached"][Milestones.ENDED]
            table.add_row(*(str(one[key]) for key in _SHOWN), str(ended))
        console.print(table if orders else "No orders.")


@app.command(epilog=f"Example: {_PROGRAM} clear fault-1")
def clear(
    order_id: Annotated[str, typer.Argument(metavar="[ORDER]", help="Without one, all.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Take an order back, or all; calls that are held go on."""
    with sentences():
        cleared = _ask("Clear", {"order_id": order_id})
        _result(cleared, f"{cleared['cleared']} cleared", as_json=as_json)


@app.command(epilog=f"Example: {_PROGRAM} wait fault-1 --for held --timeout 30s")
def wait(
    order_id: Annotated[str, typer.Argument(metavar="ORDER")],
    *,
    reached: Annotated[str, typer.Option("--for", help="begun, held or ended.")] = Milestones.BEGUN,
    count: Annotated[int, typer.Option(min=1, help="So many calls.")] = 1,
    timeout: Annotated[str, typer.Option(help="At most so long.")] = "60s",
    as_json: AsJson = False,
) -> None:
    """Wait until a call that an order is about has begun, is held, or has ended."""
    with sentences():
        limit_s = _seconds(timeout)
        asked = {"order_id": order_id, "reached": reached, "count": count, "timeout_s": limit_s}
        placed = _ask("Wait", asked, limit_s + 10)
        _result(placed, f"{order_id} {reached}", as_json=as_json)


@app.command(epilog=f"Example: {_PROGRAM} calls --after 120 --json")
def calls(
    *,
    after: Annotated[int, typer.Option(min=0, help="Only calls after this number.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show which RPCs were called, in order; of very many, the last."""
    with sentences():
        made = _ask("Calls", {"after": after}).get("calls", [])
        if as_json:
            print_json(made)
            return
        for one in made:
            print(f"{one['number']}\t{one['rpc']}\t{one['caller']}")  # noqa: T201 - the result


@app.command(epilog=f"Example: {_PROGRAM} kill-container my-app")
def kill_container(
    container: Annotated[str, typer.Argument(help="Id of a container, or an app: all of it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """SIGKILL to a container, as when its machine fails: its inputs count as lost once."""
    _end_containers("KillContainer", container, as_json=as_json)


@app.command(epilog=f"Example: {_PROGRAM} preempt ta-123")
def preempt(
    container: Annotated[str, typer.Argument(help="Id of a container, or an app: all of it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """SIGINT to a container, 30 s for its exit hooks; its inputs are run again elsewhere."""
    _end_containers("Preempt", container, as_json=as_json)


def _end_containers(method: str, container: str, *, as_json: bool) -> None:
    with sentences():
        ended = _ask(method, {"container": container})["containers"]
        _result({"containers": ended}, "\n".join(ended), as_json=as_json)


def _ask(method: str, asked: dict[str, Any], deadline_s: float = 60.0) -> dict[str, Any]:
    from modal_local.commands.ordering import ask_faults  # late: it imports gRPC

    _, access = running_server(find_home())
    return ask_faults(access, method, asked, deadline_s)


def _seconds(text: str) -> float:
    """`5s`, `200ms`, `1m` or a number of seconds. Raises Invalid."""
    if not text:
        return 0.0
    match = _SECONDS.match(text)
    if match is None:
        raise Invalid(f"'{text}' is no time: write 5s, 200ms or 1m")
    return float(match[1]) * _UNITS[match[2]]


def _result(value: object, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        print(text)  # noqa: T201 - the result
