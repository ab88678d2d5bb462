"""The benchmarks by name, one after the other, and the table they end in."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.calls import measure_calls
from benchmarks.cold_start import measure_cold_start
from benchmarks.deploys import measure_deploys
from benchmarks.measurement import BenchmarkFailed, Measurement
from benchmarks.memory import measure_memory
from benchmarks.place import ROOT, Place, temporary_place
from benchmarks.previews import measure_previews
from benchmarks.scale import measure_scale

Benchmark = Callable[[Place, bool], Sequence[Measurement]]

BENCHMARKS: Final[Mapping[str, Benchmark]] = {
    "preview": measure_previews,
    "deploy": measure_deploys,
    "scale": measure_scale,
    "calls": measure_calls,
    "cold-start": measure_cold_start,
    "memory": measure_memory,
}
RESULTS: Final = ROOT / ".cache" / "bench"


def run_suite(names: Sequence[str], *, quick: bool) -> int:
    """Measure, print, keep. A benchmark that fails does not stop the others."""
    found: dict[str, list[Measurement]] = {}
    failures: dict[str, str] = {}
    for name in names:
        started = time.perf_counter()
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            with temporary_place() as place:
                found[name] = list(BENCHMARKS[name](place, quick))
        except BenchmarkFailed as error:
            failures[name] = str(error)
            print(f"{name}: {error}", file=sys.stderr, flush=True)
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    Console(soft_wrap=True).print(_table(found))
    print(f"kept in {_keep(found, failures, quick=quick).relative_to(ROOT)}", file=sys.stderr)
    return 1 if failures else 0


def _table(found: Mapping[str, Sequence[Measurement]]) -> Table:
    table = Table(title="medians of one run")
    for heading in ("what", "here", "against", "", "ratio", "aim"):
        table.add_column(heading, justify="left" if heading in {"what", ""} else "right")
    for row in (row for rows in found.values() for row in rows):
        mark = {None: "", True: " (met)", False: " (missed)"}[row.meets_aim]
        table.add_row(
            row.what,
            f"{row.ours:.4g} {row.unit}",
            f"{row.against:.4g} {row.unit}",
            row.against_what,
            f"{row.ratio:.2f}x",
            f"{row.aim}{mark}",
        )
    return table


def _keep(
    found: Mapping[str, Sequence[Measurement]], failures: Mapping[str, str], *, quick: bool
) -> Path:
    RESULTS.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    content = {
        "at": now.isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {"cpus": os.cpu_count(), "system": platform.platform()},
        "python": platform.python_version(),
        "modal": version("modal"),
        "pulumi": version("pulumi"),
        "measurements": {
            name: [{**asdict(row), "ratio": row.ratio} for row in rows]
            for name, rows in found.items()
        },
        "failures": dict(failures),
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path
