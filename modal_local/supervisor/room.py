"""The folder of one container: its files, its arguments, and the launcher's plan."""

from __future__ import annotations

import json
import os
import posixpath
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from modal_local.model import MountedFile
from modal_local.supervisor import launcher
from modal_local.supervisor.filesystem import (
    PRIVATE_FOLDERS,
    Entry,
    Host,
    Place,
    lay_out,
    mounted_places,
    plan_view,
)
from modal_local.supervisor.variables import Paths

HOME_FOLDER: Final = "/root"
ARGUMENTS: Final = "/__modal/arguments"
_PROBE_DEADLINE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Room:
    """One container's folder."""

    path: Path
    workdir: str = HOME_FOLDER

    @property
    def tree(self) -> Path:
        """Files under the paths at which the container sees them."""
        return self.path / "fs"

    @property
    def view(self) -> Path:
        """Where the launcher puts the new root together."""
        return self.path / "view"

    @property
    def arguments(self) -> Path:
        """What the container is told to run."""
        return self.path / "arguments"

    def furnish(
        self, files: Mapping[str, MountedFile], volumes: Sequence[Place], *, namespaces: bool
    ) -> None:
        """Lay out files, and volumes as links where they cannot be mounted."""
        for folder in (*PRIVATE_FOLDERS, self.workdir):
            (self.tree / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        self.view.mkdir(exist_ok=True)
        self.path.chmod(0o700)
        lay_out(files, self.tree, link_large=not namespaces)
        for volume in () if namespaces else volumes:
            link = self.tree / volume.target.lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.symlink_to(volume.source, target_is_directory=True)

    def places(self, files: Mapping[str, MountedFile], host: Host) -> list[Place]:
        """Places of the room itself."""
        places = mounted_places(files, self.tree, host)
        if host.entry(self.workdir) is Entry.NOTHING:
            places.append(Place(self.workdir, str(self.tree) + self.workdir))
        places.append(Place(ARGUMENTS, str(self.arguments), read_only=True))
        return places

    def paths(self, *, namespaces: bool) -> Paths:
        """Where the container finds things."""
        if namespaces:
            return Paths(home=HOME_FOLDER, arguments=ARGUMENTS, temporary="/tmp")  # noqa: S108 - its own
        return Paths(
            home=str(self.tree) + HOME_FOLDER,
            arguments=str(self.arguments),
            temporary=str(self.tree / "tmp"),
        )

    def launch(self, argv: Sequence[str], places: Sequence[Place] | None, host: Host) -> list[str]:
        """The command that starts `argv` in this room; without places, in the host's view."""
        view = None if places is None else [asdict(step) for step in plan_view(places, host)]
        plan = {
            "parent": os.getpid(),
            "view": str(self.view),
            "mounts": view,
            "workdir": self.workdir if places is not None else str(self.tree) + self.workdir,
            "argv": list(argv),
        }
        path = self.path / "plan.json"
        path.write_text(json.dumps(plan))
        return [interpreter(), "-I", "-S", str(Path(launcher.__file__)), str(path)]


def why_no_view(containers: Path, host: Host) -> str:
    """Why containers cannot have a file system of their own here; empty when they can."""
    if sys.platform != "linux":
        return "this system has no mount namespaces"
    room = Room(containers / ".probe", workdir="/")
    try:
        room.view.mkdir(parents=True, exist_ok=True)
        places = [Place("/__modal"), *(Place(folder, folder) for folder in interpreter_folders())]
        result = subprocess.run(
            room.launch([interpreter(), "-I", "-S", "-c", "pass"], places, host),
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_DEADLINE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        shutil.rmtree(room.path, ignore_errors=True)
    if result.returncode == 0:
        return ""
    return result.stderr.decode(errors="replace").strip() or f"status {result.returncode}"


def interpreter() -> str:
    """The Python under every environment."""
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def interpreter_folders() -> list[str]:
    """What that Python needs of the host."""
    return sorted({sys.base_prefix, os.path.realpath(sys.base_prefix)})


def absolute(path: str) -> str:
    """A path in a container, whatever way it was written."""
    return posixpath.normpath(posixpath.join("/", path))
