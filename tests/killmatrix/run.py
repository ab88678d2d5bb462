"""`make kill-matrix`: every case, and the report of it.

python -m tests.killmatrix.run [CHAIN ...] --results FOLDER --report docs/kill-matrix.md

A chain whose results are in FOLDER already is not run again, so that a run can be gone on with.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.killmatrix.breakage import CHAINS
from tests.killmatrix.chain import Row, recorded, run_chain
from tests.killmatrix.report import page
from tests.killmatrix.steps import Process, Step

_TALK = threading.Lock()


def main(arguments: Sequence[str]) -> int:
    """Run the chains, write the report; 1 when something does not converge."""
    parser = argparse.ArgumentParser(prog="make kill-matrix", description=__doc__)
    parser.add_argument("chains", nargs="*", choices=[[], *CHAINS], default=[])
    parser.add_argument("--results", type=Path, default=None)
    parser.add_argument("--report", type=Path, default=None)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kill-matrix-") as temporary:
        place = Path(temporary)
        results = given.results or place / "results"
        results.mkdir(parents=True, exist_ok=True)
        steps = _steps(place, results)
        chains = given.chains or list(CHAINS)
        with ThreadPoolExecutor(given.jobs) as pool:
            running = {name: pool.submit(_chain, name, place, results, steps) for name in chains}
            rows = [row for name in chains for row in running[name].result()]
    text = page(rows)
    if given.report:
        given.report.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    return int(any(row.problems for row in rows))


def _steps(place: Path, results: Path) -> dict[str, list[Step]]:
    """What operations are made of: recorded now, or in the run that is gone on with."""
    path = results / "steps.json"
    if not path.exists():
        _say("recording the steps of every operation")
        found = recorded(place / "record")
        path.write_text(json.dumps({name: [asdict(one) for one in found[name]] for name in found}))
    known = json.loads(path.read_text())
    return {
        name: [Step(one["rpc"], one["number"], Process(one["process"])) for one in known[name]]
        for name in known
    }


def _chain(name: str, place: Path, results: Path, steps: dict[str, list[Step]]) -> list[Row]:
    path = results / f"{name}.json"
    if not path.exists():
        rows = run_chain(place / name, CHAINS[name], steps, lambda words: _say(f"{name}: {words}"))
        path.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return [
        Row(**{**one, "problems": tuple(one["problems"])}) for one in json.loads(path.read_text())
    ]


def _say(words: str) -> None:
    with _TALK:
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
