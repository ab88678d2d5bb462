"""`python benchmarks/run.py`: how fast this is, as ratios measured side by side in one run.

Everything happens in temporary folders, on a local Modal of its own, and ends with the run.
The table goes to stdout, progress to stderr, the numbers to .cache/bench/.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    """Exit status 0 when everything was measured, 1 when something failed, 2 for wrong usage."""
    sys.path.insert(0, str(ROOT))  # so that it runs as a file
    from benchmarks.suite import BENCHMARKS, run_suite

    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--only", action="append", choices=sorted(BENCHMARKS), metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, smaller stacks")
    options = parser.parse_args(arguments)
    wanted = {*options.names, *(options.only or ())} or set(BENCHMARKS)
    if unknown := wanted - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    names = [name for name in BENCHMARKS if name in wanted]
    return run_suite(names, quick=options.quick)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
