"""The table of all cases and what became of them, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tests.killmatrix.breakage import CHAINS
from tests.killmatrix.chain import CONNECT, OPERATIONS, Row

COLUMNS: Final = tuple(one.title for chain in CHAINS.values() for one in chain)
HEADS: Final[Mapping[str, str]] = {
    CONNECT: "The first call of a provider process, whatever it is to do",
    "create": "Create: an environment, and an app in it",
    "update": "Update: a new version of the app",
    "delete": "Delete: the app is stopped, the environment removed",
}
PREFACE: Final = """\
# Kill matrix

Made by `make kill-matrix`; do not edit. A real `pulumi up` against a real local Modal, broken at
every step: a process gets `kill -9` at the moment before an RPC (or after it was carried out,
before its reply), or the RPC itself goes wrong. Every row is a point, every column a way to break
it. All points of a column are tried at once: a stack with an environment and an app for each,
every one held at a point of its own, and the victim killed once. Then the cure for pending
operations where one is needed, and one `pulumi up`.

| in a cell | means |
|---|---|
| went on | the operation itself came through |
| up | it failed for this app, or was cut off; one `pulumi up` made it good |
| cancel, refresh, up | a lock or pending operations were left: the cure, then one `pulumi up` |
| **WRONG** | something was deployed twice, orphaned or lost; said below the table |
| (empty) | does not apply: between two calls one point is enough |

Checked of every case, after that one `up`: it ended with 0; the environment has exactly one app,
deployed, of the expected version (1 after a create, 2 after an update: never one more), or is
gone with it; no unfinished app is left, and no container of an app that does not run; the state
names the same app and version and has nothing pending; the next preview shows no change. After an
update was cut off, and before it was made good, each app was called, and answered as the version
that Modal had of it. After the CLI, the provider or a deploy child was killed, no process of
theirs lived on.

"slow" is two seconds; "unavailable once" is the status that clients repeat; "refused" is
FAILED_PRECONDITION; "token expired" is UNAUTHENTICATED; "reply lost" is carried out, and then the
connection is reset. The local Modal is started again at once after its kill.
EnvironmentList does not say which environment it is about, so that it is not broken by itself: it
only reads, and what comes before it and after it is.
"""


def page(rows: Sequence[Row]) -> str:
    """The whole report."""
    parts = [PREFACE, _summary(rows)]
    parts += ["\n".join(_table(operation, rows)) for operation in (CONNECT, *OPERATIONS)]
    return "\n".join(parts).rstrip() + "\n"


def _summary(rows: Sequence[Row]) -> str:
    wrong = sum(bool(row.problems) for row in rows)
    verdict = "all of them converge." if not wrong else f"**{wrong} of them do not converge.**"
    return f"{len(rows)} cases; {verdict}\n"


def _table(operation: str, rows: Sequence[Row]) -> Iterator[str]:
    own = [row for row in rows if row.operation == operation]
    if not own:
        return
    columns = [title for title in COLUMNS if any(row.breakage == title for row in own)]
    points = sorted({(row.process, row.step, _rank(row.moment)) for row in own}, key=_order)
    cells = {(row.process, row.step, _rank(row.moment), row.breakage): row for row in own}
    yield f"## {HEADS[operation]}\n"
    yield f"| made by | point | {' | '.join(columns)} |"
    yield f"|---|---|{'---|' * len(columns)}"
    for process, step, rank in points:
        found = [cells.get((process, step, rank, title)) for title in columns]
        line = " | ".join(_cell(row) for row in found)
        yield f"| {process} | {_MOMENTS[rank]} {step} | {line} |"
    yield ""
    for row in own:
        if row.problems:
            where = f"{row.breakage}, {row.moment} {row.step}"
            yield f"- {where}: {'; '.join(row.problems)}"
    yield ""


_MOMENTS: Final = ("before", "after")


def _rank(moment: str) -> int:
    return _MOMENTS.index(moment)


def _order(point: tuple[str, str, int]) -> tuple[bool, str, int]:
    process, step, rank = point
    return process != "provider", step, rank


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    return "**WRONG**" if row.problems else row.outcome
