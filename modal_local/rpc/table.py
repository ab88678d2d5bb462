"""Every RPC of the SDK and how far the local Modal goes, as a table for the documentation.

python -m modal_local.rpc.table docs/local-modal.md     # renews the table between its markers
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from modal_local.rpc.nouns import NOUNS
from modal_local.rpc.server import wire_handlers

BEGIN: Final = "<!-- rpc table: begin (made by python -m modal_local.rpc.table) -->"
END: Final = "<!-- rpc table: end -->"
NOTES: Final[Mapping[str, str]] = {
    "AppGetLogs": "lines of a function call are not told apart",
    "AppFetchLogs": "lines of a function call are not told apart",
    "AppCountLogs": "lines of a function call are not told apart",
    "AppClientDisconnect": "a detached app goes on until it is stopped",
    "EnvironmentCreate": "roles are kept and shown, not enforced",
    "EnvironmentRoleSet": "as EnvironmentCreate",
    "EnvironmentUpdate": "containers that run while it is renamed know the old name until they end",
    "FunctionCreate": "schedules, regions, clouds, proxies, cloud buckets and memory snapshots are "
    "recorded, not acted on; GPUs are checked and recorded; no sticky sessions and no HTTP/2 for "
    "app.server",
    "FunctionGetCallGraph": "the inputs of one call, without what they called",
    "FunctionPrecreate": "one port for each web label",
    "ImageGetOrCreate": "Python packages, files and variables; system packages are skipped",
    "ImageJoinStreaming": "as ImageGetOrCreate",
    "ProxyGet": "there are none",
    "VolumeCommit": "writes are shared at once",
    "VolumeReload": "writes are shared at once",
    "VolumeGetOrCreate": "nameless volumes stay until a reset",
}
"""What is partial, and in what."""


@dataclass(frozen=True, slots=True)
class Row:
    """One RPC."""

    name: str
    state: str
    """done, partial or missing."""
    note: str


def rows() -> Iterator[Row]:
    """All RPCs by name."""
    for name in sorted(path.rpartition("/")[2] for path in wire_handlers()):
        if not any(hasattr(noun, name) for noun in NOUNS):
            yield Row(name, "missing", "")
        elif name in NOTES:
            yield Row(name, "partial", NOTES[name])
        else:
            yield Row(name, "done", "")


def table() -> str:
    """The table in Markdown: what is there, then the names of what is not."""
    every = list(rows())
    counts = {
        state: sum(row.state == state for row in every) for state in ("done", "partial", "missing")
    }
    summary = ", ".join(f"{count} {state}" for state, count in counts.items())
    lines = [
        f"{len(every)} RPCs: {summary}.",
        "",
        "| RPC | State | Note |",
        "|---|---|---|",
    ]
    lines += [f"| {row.name} | {row.state} | {row.note} |" for row in every]
    return "\n".join(lines)


def renewed(page: str) -> str:
    """The page with today's table. Raises ValueError when it has no markers."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError("the page has no markers for the table")
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def main(arguments: list[str]) -> None:
    """Renew a page, or print the table."""
    if not arguments:
        sys.stdout.write(f"{table()}\n")
        return
    path = Path(arguments[0])
    path.write_text(renewed(path.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
