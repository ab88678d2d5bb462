"""Memory of the local Modal before and after many calls."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.apps import CALLS
from benchmarks.calls import remote_calls
from benchmarks.measurement import Measurement, run_command
from benchmarks.place import Place
from benchmarks.usage import MIB, local_modal

DEADLINE_S = 120.0
WARM_UP = 100


def measure_memory(place: Place, quick: bool) -> Sequence[Measurement]:  # noqa: FBT001 - a table's entry
    """Resident memory of the server alone; containers are processes of their own."""
    count = 500 if quick else 5000
    (place.folder / "calls.py").write_text(CALLS, encoding="utf-8")
    command = place.modal("deploy", "calls.py")
    run_command(command, folder=place.folder, env=place.env, deadline_s=DEADLINE_S)
    remote_calls(place, WARM_UP // 2)
    before = _resident_mib(place)
    remote_calls(place, count // 2)  # half one by one, half at once
    return [
        Measurement(
            what=f"memory of the local Modal after {count} calls",
            unit="MiB",
            ours=_resident_mib(place),
            against=before,
            against_what=f"after {WARM_UP} calls",
        )
    ]


def _resident_mib(place: Place) -> float:
    return float(local_modal(place.modal_home).memory_info().rss) / MIB
