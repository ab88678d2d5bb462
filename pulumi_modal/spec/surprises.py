"""Settings that are legal, and surprising."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_modal.spec.catalogue import OLD_NAMES
from pulumi_modal.spec.model import JsonValue
from pulumi_modal.spec.naming import SECRET_KEY
from pulumi_modal.spec.problem import HIDDEN, Problem, join
from pulumi_modal.spec.relations import Origins

DOCUMENTED_SCALEDOWN_S: Final = 1200
LEAST_MEMORY_MIB: Final = 128
LEAST_CORES: Final = 0.125


def setting_warnings(
    raw: Mapping[str, Any], settings: Mapping[str, JsonValue], path: str, origins: Origins
) -> list[Problem]:
    """One warning for each surprise; `settings` are the canonical form of what is well in `raw`."""
    found = [*_gpus(raw.get("gpu"), settings), *_amounts(settings), *_secrets(settings)]
    warnings = []
    for keys, message, value in found:
        where = join(path, *origins.get(str(keys[0]), (keys[0],)), *keys[1:])
        warnings.append(Problem(where, message, value, severity="warning"))
    return warnings


Found = tuple[tuple[str | int, ...], str, Any]


def _gpus(raw: Any, settings: Mapping[str, JsonValue]) -> Iterator[Found]:
    if "gpu" not in settings:
        return
    written = list(raw) if isinstance(raw, (list, tuple)) else [raw]
    for at, text in enumerate(written):
        keys = ("gpu", at) if isinstance(raw, (list, tuple)) else ("gpu",)
        name = str(text).partition(":")[0].strip().upper()
        if name in OLD_NAMES:
            yield (
                keys,
                "is an old name of the card that Modal calls A10 now; write A10",
                text,
            )
        elif name == "A100":
            yield (
                keys,
                "asks for 40 GB and may get 80 GB; write A100-40GB or A100-80GB to say which",
                text,
            )
        elif name in ("B300", "B200+"):
            yield keys, "needs CUDA 13.1 or later in the image", text


def _amounts(settings: Mapping[str, JsonValue]) -> Iterator[Found]:
    window = settings.get("scaledown_window", 0)
    if window > DOCUMENTED_SCALEDOWN_S:
        message = f"is above {DOCUMENTED_SCALEDOWN_S} s: the SDK takes it, Modal's guide does not"
        yield ("scaledown_window",), message, window
    memory = settings.get("memory", LEAST_MEMORY_MIB)
    if not isinstance(memory, list) and memory < LEAST_MEMORY_MIB:
        message = (
            f"is in MiB, and less than Modal's default ({LEAST_MEMORY_MIB});"
            f' for GiB write "{memory}Gi"'
        )
        yield ("memory",), message, memory
    cores = settings.get("cpu", LEAST_CORES)
    if not isinstance(cores, list) and cores < LEAST_CORES:
        yield ("cpu",), f"is billed as {LEAST_CORES} cores, the least there is", cores


def _secrets(settings: Mapping[str, JsonValue]) -> Iterator[Found]:
    for name, value in (settings.get("env") or {}).items():
        if SECRET_KEY.search(name) and value:
            yield (
                ("env", name),
                (
                    "looks like a secret, and would be readable in stack file and state; put it"
                    " into a Modal secret (`modal secret create`) that the code names"
                ),
                HIDDEN,
            )
