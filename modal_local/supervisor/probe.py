"""What this machine gives to a process: tried with one that does nothing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from modal_local.supervisor.filesystem import Host, Place
from modal_local.supervisor.network import NetworkPlan
from modal_local.supervisor.room import Room, interpreter, interpreter_folders

_DEADLINE_S: Final = 30.0


def why_no_view(containers: Path, host: Host) -> str:
    """Why containers cannot have a file system of their own here; empty when they can."""
    if sys.platform != "linux":
        return "this system has no mount namespaces"
    places = [Place("/__modal"), *(Place(folder, folder) for folder in interpreter_folders())]
    return _try(containers, host, places, None)


def why_no_network(containers: Path, host: Host) -> str:
    """Why containers cannot have a network of their own here; empty when they can."""
    if sys.platform != "linux":
        return "this system has no network namespaces"
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        return _try(containers, host, None, NetworkPlan(theirs.fileno(), []))


def _try(
    containers: Path, host: Host, places: list[Place] | None, network: NetworkPlan | None
) -> str:
    containers.mkdir(parents=True, exist_ok=True)
    room = Room(Path(tempfile.mkdtemp(prefix=".probe-", dir=containers)), workdir="/")
    try:
        room.view.mkdir()
        room.tree.mkdir()
        result = subprocess.run(
            room.launch([interpreter(), "-I", "-S", "-c", "pass"], places, host, network),
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEADLINE_S,
            check=False,
            pass_fds=[network.control] if network is not None else [],
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        shutil.rmtree(room.path, ignore_errors=True)
    if result.returncode == 0:
        return ""
    return result.stderr.decode(errors="replace").strip() or f"status {result.returncode}"
