"""Mistakes that a type checker finds before anything runs: an ignore that is not needed is one."""

from pulumi_modal import App, GpuVariants, InferenceService

WHERE = "dev"


def declare() -> None:
    """Never called."""
    InferenceService("setting", source="x.py", environment=WHERE, gpus="H100")  # type: ignore[call-arg]
    InferenceService("value", source="x.py", environment=WHERE, max_inputs="8")  # type: ignore[arg-type]
    InferenceService("source", environment=WHERE)  # type: ignore[call-arg]
    InferenceService(
        "function",
        source="x.py",
        environment=WHERE,
        functions={"Model": {"gpuu": "H100"}},  # type: ignore[dict-item]
    )
    InferenceService(
        "probe",
        source="x.py",
        environment=WHERE,
        probe={"pathh": "/health"},  # type: ignore[arg-type]
    )
    App("app", source=1, environment=WHERE)  # type: ignore[arg-type]
    group = GpuVariants("group", source="x.py", environment=WHERE, variants={"t4": {"gpu": "T4"}})
    _ = group.variants["t4"].urll  # type: ignore[attr-defined]
