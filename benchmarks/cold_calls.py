"""A process that calls cold functions: `python -m benchmarks.cold_calls COUNT`.

Its last line of output is JSON: the seconds that each first call took.
"""

from __future__ import annotations

import json
import sys
import time

import modal


def first_calls(count: int) -> list[float]:
    """Call each function once, after a warm one has opened the connection."""
    modal.Function.from_name("bench-cold", "warm").remote()
    seconds = []
    for number in range(count):
        function = modal.Function.from_name("bench-cold", f"cold-{number}")
        function.hydrate()
        started = time.perf_counter()
        function.remote()
        seconds.append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    print(json.dumps(first_calls(int(sys.argv[1]))))
