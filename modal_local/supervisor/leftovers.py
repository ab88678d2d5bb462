"""Processes and folders of containers whose server was killed before it could end them.

A container dies with its server; what it started itself may live on. Such processes are known by
their task id, which is in their environment and names a folder that is still there.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final

import psutil

_GONE_S: Final = 5.0


def end_leftovers(containers: Path) -> int:
    """End and remove what is left; how many processes that were. Called before any start."""
    if not containers.is_dir():
        return 0
    folders = [folder for folder in containers.iterdir() if folder.is_dir()]
    processes = _processes_of({folder.name for folder in folders})
    for process in processes:
        try:
            process.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(processes, timeout=_GONE_S)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(processes)


def _processes_of(task_ids: Collection[str]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter() if task_ids else ():
        try:
            if process.environ().get("MODAL_TASK_ID") in task_ids:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # another user's, or gone
    return found
