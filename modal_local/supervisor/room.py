"""The folder of one container: its files, its arguments, and the launcher's plan."""

from __future__ import annotations

import json
import os
import posixpath
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from modal_local.model import MountedFile
from modal_local.supervisor import launcher, network_launcher
from modal_local.supervisor.filesystem import (
    PRIVATE_FOLDERS,
    Entry,
    Host,
    Place,
    lay_out,
    mounted_places,
    plan_view,
)
from modal_local.supervisor.network import NetworkPlan
from modal_local.supervisor.variables import Paths

HOME_FOLDER: Final = "/root"
ARGUMENTS: Final = "/__modal/arguments"


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

    def launch(
        self,
        argv: Sequence[str],
        places: Sequence[Place] | None,
        host: Host,
        network: NetworkPlan | None = None,
    ) -> list[str]:
        """The command that starts `argv` in this room.

        Without places it has the host's view, without a network the host's.
        """
        view = None if places is None else [asdict(step) for step in plan_view(places, host)]
        plan = {
            "parent": os.getpid(),
            "view": str(self.view),
            "mounts": view,
            "workdir": self.workdir if places is not None else str(self.tree) + self.workdir,
            "argv": list(argv),
            "network": asdict(network) if network is not None else None,
        }
        path = self.path / "plan.json"
        path.write_text(json.dumps(plan))
        scripts = [launcher.__file__]
        if network is not None:
            scripts.insert(0, network_launcher.__file__)
        return [interpreter(), "-I", "-S", *scripts, str(path)]


def interpreter() -> str:
    """The Python under every environment."""
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def interpreter_folders() -> list[str]:
    """What that Python needs of the host."""
    return sorted({sys.base_prefix, os.path.realpath(sys.base_prefix)})


def absolute(path: str) -> str:
    """A path in a container, whatever way it was written."""
    return posixpath.normpath(posixpath.join("/", path))
