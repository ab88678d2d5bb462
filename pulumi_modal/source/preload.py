"""Imported once by the fork server, so that every child starts with the SDK in memory.

Whatever goes wrong here must not end the fork server: the child meets the same error again,
and there it becomes a sentence.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

HOME = str(Path(__file__).resolve().parents[2])


def _warm_up() -> None:
    # Started as `python -c`, the server looks for modules in its working directory first: a file
    # of the user named like one of the SDK's modules would be taken for it.
    sys.path[:] = [entry for entry in sys.path if entry]
    if HOME not in sys.path:
        sys.path.append(HOME)
    with contextlib.suppress(Exception):
        import asyncio
        import modal
        import modal.cli.import_refs
        import modal.runner

        del asyncio, modal


_warm_up()
