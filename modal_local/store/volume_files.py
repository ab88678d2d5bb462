"""The files of one volume. No path leads out of it, not even through a link made inside."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from modal_proto import api_pb2

from modal_local.errors import AlreadyExists, Conflict, Invalid, NotFound

_Type = api_pb2.FileEntry.FileType


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to be: the contents one after the other."""

    path: str
    contents: Sequence[Path]
    mode: int = 0


class VolumeFiles:
    """Files under one directory."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def entries(self, path: str, *, recursive: bool) -> Iterator[api_pb2.FileEntry]:
        """A file alone, or what is in a directory. Raises NotFound."""
        place = self.existing(path)
        if not place.is_dir():
            yield self._entry(place)
            return
        for child in sorted(place.iterdir()):
            yield self._entry(child)
            if recursive and child.is_dir() and not child.is_symlink():
                yield from self.entries(str(child.relative_to(self._root)), recursive=True)

    def file(self, path: str) -> Path:
        """A file to read. Raises NotFound, Invalid."""
        place = self.existing(path)
        if not place.is_file():
            raise Invalid(f"{path} is not a file")
        return place

    def put(self, files: Sequence[NewFile], *, overwrite: bool) -> None:
        """Write files; directories are made. Raises AlreadyExists, Conflict, Invalid."""
        targets = [self._inside(file.path) for file in files]
        for file, target in zip(files, targets, strict=True):
            if target.is_dir():
                raise Conflict(f"{file.path} is a directory")
            if target.exists() and not overwrite:
                raise AlreadyExists(f"{file.path} exists; use force to overwrite it")
        for file, target in zip(files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.part")
            with draft.open("wb") as out:
                for content in file.contents:
                    with content.open("rb") as part:
                        shutil.copyfileobj(part, out)
            draft.chmod(stat.S_IMODE(file.mode) or 0o644)
            draft.replace(target)

    def remove(self, path: str, *, recursive: bool) -> None:
        """Raises NotFound, Conflict."""
        place = self.existing(path)
        if place == self._root:
            raise Invalid("the root of a volume stays")
        if not place.is_dir() or place.is_symlink():
            place.unlink()
        elif recursive:
            shutil.rmtree(place)
        else:
            raise Conflict(f"{path} is a directory; remove it recursively")

    def copy(self, sources: Iterable[str], target: str, *, recursive: bool) -> None:
        """As `cp` does. Raises NotFound, Conflict."""
        places = [self.existing(source) for source in sources]
        goal = self._inside(target)
        if len(places) > 1 and not goal.is_dir():
            raise Conflict(f"{target} is not a directory")
        for place in places:
            final = goal / place.name if goal.is_dir() else goal
            if place.is_dir():
                if not recursive:
                    raise Conflict(f"{place.name} is a directory; copy it recursively")
                shutil.copytree(place, final, symlinks=True, dirs_exist_ok=True)
            else:
                final.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(place, final, follow_symlinks=False)

    def existing(self, path: str) -> Path:
        """Something that is there. Raises NotFound."""
        place = self._inside(path)
        if not place.exists() and not place.is_symlink():
            raise NotFound(f"{path} does not exist in the volume")
        return place

    def _inside(self, path: str) -> Path:
        parts = PurePosixPath("/", path).parts[1:]
        place = self._root.joinpath(*parts)
        if ".." in parts or not place.resolve().is_relative_to(self._root):
            raise Invalid(f"{path} leads out of the volume")
        return place

    def _entry(self, place: Path) -> api_pb2.FileEntry:
        facts = place.lstat()
        if stat.S_ISLNK(facts.st_mode):
            kind = _Type.SYMLINK
        elif stat.S_ISDIR(facts.st_mode):
            kind = _Type.DIRECTORY
        elif stat.S_ISFIFO(facts.st_mode):
            kind = _Type.FIFO
        elif stat.S_ISSOCK(facts.st_mode):
            kind = _Type.SOCKET
        else:
            kind = _Type.FILE
        return api_pb2.FileEntry(
            path=str(place.relative_to(self._root)),
            type=kind,
            mtime=int(facts.st_mtime),
            size=facts.st_size if kind == _Type.FILE else 0,
        )
