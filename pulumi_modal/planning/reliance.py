"""What a plan relied on in the file system, and whether all of it is still so.

A file is known by its identity (device, inode, mode, size, times): any write changes it. One that
is younger than what the clock of the file system can tell apart proves nothing, so such a plan is
not kept. Files of installed packages are hard links, often, and a link elsewhere changes the last
of their times: they are then known by their content. A folder may be filled with other files; what
counts are the names that were looked for in it, or all where it was listed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

_stat: Final = os.stat  # the real ones: a planning child watches who calls those of `os`
_lstat: Final = os.lstat
_readlink: Final = os.readlink
_scandir: Final = os.scandir

SECOND_NS: Final = 1_000_000_000
_FINE_NS: Final = SECOND_NS // 10
_COARSE_NS: Final = 3 * SECOND_NS
_LARGEST: Final = 4 * 2**20
_MADE_BY_PYTHON: Final = "__pycache__"

Identity = list[int] | None
"""None where there is nothing."""


@dataclass
class Reliance:
    """What was opened, asked for, listed and searched, as it was found."""

    files: dict[str, Identity] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    """Digests of those files that belong to installed packages."""
    kinds: dict[str, int | None] = field(default_factory=dict)
    """Where only the kind was asked: a file, a folder, nothing."""
    links: dict[str, str | None] = field(default_factory=dict)
    """Target of what may be a symbolic link; else its kind."""
    listed: dict[str, list[Any]] = field(default_factory=dict)
    """Folder -> its identity, and the digest of its entries."""
    searched: dict[str, list[Any]] = field(default_factory=dict)
    """Folder -> its identity, the modules looked for, and the entries of such a name."""

    def as_json(self) -> dict[str, Any]:
        """For a file of the cache."""
        return asdict(self)


def identity_of(path: str) -> Identity:
    """What changes whenever the file does; None when there is none."""
    try:
        found = _stat(path)
    except (OSError, ValueError):
        return None
    return [
        found.st_dev,
        found.st_ino,
        found.st_mode,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    ]


def is_settled(identity: Identity, moment_ns: int, *, installed: bool = False) -> bool:
    """True when a change after the moment must show in the identity."""
    if identity is None:
        return True
    changed = identity[-2 if installed else -1]
    margin = _FINE_NS if changed % SECOND_NS else _COARSE_NS
    return changed < moment_ns - margin


def content_of(path: str) -> str:
    """Digest of a file; empty when it cannot be read, or is too large to be read at every turn."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # as it was opened: the path is no Path
            content = file.read(_LARGEST + 1)
    except OSError:
        return ""
    return hashlib.sha256(content).hexdigest() if len(content) <= _LARGEST else ""


def kind_of(path: str) -> int | None:
    """The kind of what is at the end of the path."""
    try:
        return stat.S_IFMT(_stat(path).st_mode)
    except (OSError, ValueError):
        return None


def link_of(path: str) -> str | None:
    """Where a symbolic link leads; the kind of anything else."""
    try:
        mode = _lstat(path).st_mode
        return f"-> {_readlink(path)}" if stat.S_ISLNK(mode) else str(stat.S_IFMT(mode))
    except (OSError, ValueError):
        return None


def entries_of(path: str) -> frozenset[str]:
    """Names in a folder, those of folders with a slash; without what Python makes itself."""
    try:
        with _scandir(path) as found:
            return frozenset(
                f"{one.name}/" if one.is_dir() else one.name
                for one in found
                if one.name != _MADE_BY_PYTHON
            )
    except OSError:
        return frozenset()


def entries_digest(entries: Iterable[str]) -> str:
    """Digest of the names in a folder."""
    return hashlib.sha256("\0".join(sorted(entries)).encode("utf-8", "replace")).hexdigest()


def named_like(entries: Iterable[str], modules: Collection[str]) -> list[str]:
    """The entries that an import of one of the modules could mean."""
    return sorted(one for one in entries if one.rstrip("/").split(".")[0] in modules)


class Look:
    """The file system, each thing looked at once: many plans rely on the same."""

    def __init__(self) -> None:
        self.linked: dict[str, Identity] = {}
        """Files that were found the same only by their content, as they are now."""
        self._known: dict[tuple[Any, str], Any] = {}

    def still_holds(self, relied: Mapping[str, Any]) -> bool:
        """True when everything is as it was found; the JSON form of a Reliance."""
        return (
            all(self._is_file(relied, *one) for one in relied["files"].items())
            and self._same(kind_of, relied["kinds"])
            and self._same(link_of, relied["links"])
            and all(self._is_listed(path, *was) for path, was in relied["listed"].items())
            and all(self._is_searched(path, *was) for path, was in relied["searched"].items())
        )

    def _is_file(self, relied: Mapping[str, Any], path: str, was: Identity) -> bool:
        now = self._of(identity_of, path)
        if now == was:
            return True
        digest = relied["contents"].get(path)
        if not digest or not was or not now or now[:-1] != was[:-1]:
            return False
        self.linked[path] = now
        return bool(self._of(content_of, path) == digest)

    def _same(self, ask: Callable[[str], Any], relied: Mapping[str, Any]) -> bool:
        return all(self._of(ask, path) == was for path, was in relied.items())

    def _is_listed(self, path: str, identity: Identity, digest: str) -> bool:
        if identity is not None and self._of(identity_of, path) == identity:
            return True
        return entries_digest(self._of(entries_of, path)) == digest

    def _is_searched(
        self, path: str, identity: Identity, modules: list[str], found: list[str]
    ) -> bool:
        if identity is not None and self._of(identity_of, path) == identity:
            return True
        return named_like(self._of(entries_of, path), frozenset(modules)) == found

    def _of(self, ask: Callable[[str], Any], path: str) -> Any:
        key = (ask, path)
        if key not in self._known:
            self._known[key] = ask(path)
        return self._known[key]
