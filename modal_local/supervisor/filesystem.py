"""What a container sees where: a plan of mounts, from what it needs and what the host has.

The view is the host's file system with things laid over it. A path that the host lacks needs a
folder to be mounted in: the nearest folder of the host above it is shadowed (a fresh folder whose
entries are those of the host), so nothing is ever created on the host itself.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final, Literal, Protocol

from modal_local.model import MountedFile

SMALL_FILE: Final = 256 * 1024
"""Smaller files are copied into a container; larger ones are mounted read-only."""
PRIVATE_FOLDERS: Final = ("/root", "/tmp")  # noqa: S108 - as containers see it, not the host's
"""Folders of which each container has its own, without what the host has there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something that the container sees at `target`; without a source an empty folder."""

    target: str
    source: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One step that the launcher takes, in order."""

    kind: Literal["folder", "link", "tmpfs", "bind"]
    target: str
    source: str = ""
    read_only: bool = False


class Entry(Enum):
    """What the host has at a path."""

    NOTHING = "nothing"
    FOLDER = "folder"
    FILE = "file"
    LINK = "link"


class Host(Protocol):
    """The few questions a plan asks of the host."""

    def entry(self, path: str) -> Entry:
        """What is there."""

    def names(self, folder: str) -> Sequence[str]:
        """Entries of a folder; none when it cannot be read."""

    def link(self, path: str) -> str:
        """Where a symbolic link points."""

    def resolve(self, path: str) -> str:
        """The path without symbolic links."""


class RealHost:
    """This machine."""

    def entry(self, path: str) -> Entry:
        """What is there."""
        at = Path(path)
        if at.is_symlink():
            return Entry.LINK
        if at.is_dir():
            return Entry.FOLDER
        return Entry.FILE if at.exists() else Entry.NOTHING

    def names(self, folder: str) -> Sequence[str]:
        """Entries of a folder; none when it cannot be read."""
        try:
            return sorted(entry.name for entry in os.scandir(folder))
        except OSError:
            return []

    def link(self, path: str) -> str:
        """Where a symbolic link points."""
        return str(Path(path).readlink())

    def resolve(self, path: str) -> str:
        """The path without symbolic links."""
        return os.path.realpath(path)


@dataclass(slots=True)
class _Node:
    place: Place | None = None
    children: dict[str, _Node] = field(default_factory=dict)


def plan_view(places: Sequence[Place], host: Host) -> list[Operation]:
    """Operations that make a new root in which every place is where it should be."""
    root = _Node()
    for place in places:
        node = root
        for part in _parts(_settled(place.target, host)):
            node = node.children.setdefault(part, _Node())
        node.place = place
    return list(_shadow("/", root, host))


def mounted_places(files: Mapping[str, MountedFile], tree: Path, host: Host) -> list[Place]:
    """Places for files that were laid out below `tree` under their remote paths."""
    places = {root: Place(target=root, source=str(tree) + root) for root in PRIVATE_FOLDERS}
    for remote, file in files.items():
        if not remote.startswith(tuple(f"{root}/" for root in PRIVATE_FOLDERS)):
            top = _topmost_missing(_settled(remote, host), host)
            places.setdefault(top, Place(target=top, source=str(tree) + top))
        if is_large(file):
            places[remote] = Place(target=remote, source=str(file.content), read_only=True)
    return list(places.values())


def lay_out(files: Mapping[str, MountedFile], tree: Path, *, link_large: bool) -> None:
    """Put files below `tree` under their remote paths: small ones copied.

    Large ones are hard links where they cannot be mounted, else left to be mounted.
    """
    for remote, file in files.items():
        target = tree / remote.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not is_large(file):
            target.write_bytes(file.content.read_bytes())
            target.chmod(file.mode & 0o777 or 0o644)
        elif link_large:
            target.hardlink_to(file.content)
        else:
            target.touch()


def is_large(file: MountedFile) -> bool:
    """Too large to be copied into each container."""
    return file.content.stat().st_size > SMALL_FILE


def _shadow(path: str, node: _Node, host: Host) -> Iterator[Operation]:
    """A folder that has the host's entries and the wanted ones."""
    for name in host.names(path):
        if name in node.children:
            continue
        child = posixpath.join(path, name)
        match host.entry(child):
            case Entry.LINK:
                yield Operation("link", child, host.link(child))
            case Entry.FOLDER | Entry.FILE:
                yield Operation("bind", child, child)
            case Entry.NOTHING:
                continue
    for name, wanted in node.children.items():
        yield from _lay(posixpath.join(path, name), wanted, host)


def _lay(path: str, node: _Node, host: Host) -> Iterator[Operation]:
    if node.place is None:
        yield Operation("folder", path)
        yield from _shadow(path, node, host)
        return
    place = node.place
    if place.source:
        yield Operation("bind", path, place.source, place.read_only)
    else:
        yield Operation("tmpfs", path)
    for name, wanted in node.children.items():
        yield from _inside(posixpath.join(path, name), wanted)


def _inside(path: str, node: _Node) -> Iterator[Operation]:
    """Places within a place: their mount points are made there."""
    if node.place is None:
        yield Operation("folder", path)
    elif node.place.source:
        yield Operation("bind", path, node.place.source, node.place.read_only)
    else:
        yield Operation("tmpfs", path)
    for name, wanted in node.children.items():
        yield from _inside(posixpath.join(path, name), wanted)


def _settled(target: str, host: Host) -> str:
    folder, name = posixpath.split(posixpath.normpath(target))
    return posixpath.join(host.resolve(folder), name)


def _topmost_missing(path: str, host: Host) -> str:
    top = ""
    for part in _parts(path):
        top = f"{top}/{part}"
        if host.entry(top) is Entry.NOTHING:
            return top
    return path


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]
