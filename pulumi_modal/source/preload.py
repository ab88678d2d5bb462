"""Imported once by the fork server, so that every child starts with the SDK in memory.

Whatever goes wrong here must not end the fork server: the child meets the same error again,
and there it becomes a sentence.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
from pathlib import Path

HOME = str(Path(__file__).resolve().parents[2])
_WANTED = (
    "asyncio",
    "modal",
    "modal.cli.import_refs",
    "modal.runner",
    "pulumi_modal.gateway.call_child",
    "pulumi_modal.gateway.deploy_child",
    "pulumi_modal.planning.dry_run",
    "pulumi_modal.planning.watched",
    "pulumi_modal.source.load",
)


def _warm_up() -> None:
    # Started as `python -c`, the server looks for modules in its working directory first: a file
    # of the user named like one of the SDK's modules would be taken for it.
    sys.path[:] = [entry for entry in sys.path if entry]
    if HOME not in sys.path:
        sys.path.append(HOME)
    for name in _WANTED:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    with contextlib.suppress(Exception):
        importlib.import_module("pulumi_modal.planning.loaded").take()
    gc.collect()
    gc.freeze()  # children share these pages: no collection touches them


_warm_up()
