"""What the fork server has loaded before any plan: the SDK, this package, the standard library.

Every plan relies on it. It is taken down once, in the fork server, and inherited by its children.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pulumi_modal.planning.reliance import (
    SECOND_NS,
    Reliance,
    content_of,
    entries_of,
    identity_of,
    is_settled,
    named_like,
)
from pulumi_modal.source.trace import is_installed_file

_UNKNOWN_AGE_NS: Final = 600 * SECOND_NS
_taken: dict[str, Any] = {}


def take() -> None:
    """Take down every file that was loaded, and where its modules were looked for."""
    started_ns = time.time_ns() - _age_ns()
    relied = Reliance()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file:
            relied.files[file] = identity_of(file)
            if is_installed_file(file):
                relied.contents[file] = content_of(file)
    names = sorted({name.partition(".")[0] for name in sys.modules})
    for folder in sys.path:
        identity = identity_of(folder)
        if not Path(folder).is_dir():
            relied.files[folder] = identity
            continue
        kept = identity if is_settled(identity, started_ns) else None
        relied.searched[folder] = [kept, names, named_like(entries_of(folder), names)]
    settled = (
        is_settled(one, started_ns, installed=file in relied.contents)
        for file, one in relied.files.items()
    )
    if all(settled):
        _taken["relied"] = relied.as_json()
        text = json.dumps(_taken["relied"], sort_keys=True)
        _taken["digest"] = hashlib.sha256(text.encode()).hexdigest()[:32]


def digest() -> str:
    """Digest of what is loaded; empty when it changed while it was loaded."""
    return str(_taken.get("digest", ""))


def tell(_argument: Any, _tell: Callable[[Any], None]) -> Any:
    """Everything, as JSON; runs in a child made by `source.child.run`."""
    return dict(_taken)


def _age_ns() -> int:
    """How long ago this process started."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        started = int(fields[19]) * SECOND_NS // os.sysconf("SC_CLK_TCK")
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - started + SECOND_NS // 10
    except (OSError, ValueError, AttributeError, IndexError):
        return _UNKNOWN_AGE_NS
