"""The first call of a function that has no container against a bare `import modal`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from statistics import median

from benchmarks.apps import COLD
from benchmarks.measurement import Measurement, run_command
from benchmarks.place import ROOT, Place

DEADLINE_S = 120.0


def measure_cold_start(place: Place, quick: bool) -> Sequence[Measurement]:  # noqa: FBT001 - a table's entry
    """From the call to its answer; the caller is warm, the container is not."""
    count = 2 if quick else 7
    (place.folder / "cold.py").write_text(COLD.format(count=count), encoding="utf-8")
    command = place.modal("deploy", "cold.py")
    run_command(command, folder=place.folder, env=place.env, deadline_s=DEADLINE_S)
    caller = [sys.executable, "-m", "benchmarks.cold_calls", str(count)]
    finished = run_command(caller, folder=ROOT, env=place.env, deadline_s=DEADLINE_S)
    first_calls: list[float] = json.loads(finished.output.splitlines()[-1])
    bare = [sys.executable, "-c", "import modal"]
    imports = [
        run_command(bare, folder=ROOT, env=place.env, deadline_s=DEADLINE_S).seconds
        for _ in range(count)
    ]
    return [
        Measurement(
            what="cold start, first .remote()",
            unit="s",
            ours=median(first_calls),
            against=median(imports),
            against_what='python -c "import modal"',
        )
    ]
