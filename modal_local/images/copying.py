"""COPY: which files of a build context land where in an image."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from modal_local.model import MountedFile


def copied_files(
    words: Sequence[str], context: Mapping[str, MountedFile], workdir: str
) -> list[MountedFile]:
    """The files that `COPY words` puts into an image, under their paths there."""
    *sources, target = words
    into_directory = len(sources) > 1 or target.endswith("/") or target in {".", ".."}
    base = posixpath.normpath(posixpath.join(workdir or "/", target))
    copied: dict[str, MountedFile] = {}
    for source in sources:
        pattern = posixpath.normpath("/" + source.lstrip("/"))
        for path, file in context.items():
            relative = _relative(path, pattern, into_directory=into_directory)
            if relative is None:
                continue
            remote = posixpath.normpath(posixpath.join(base, relative)) if relative else base
            copied[remote] = MountedFile(remote_path=remote, content=file.content, mode=file.mode)
    return list(copied.values())


def _relative(path: str, pattern: str, *, into_directory: bool) -> str | None:
    """Where a context file lands below the target; None when the pattern leaves it out."""
    if path == pattern:
        return posixpath.basename(path) if into_directory else ""
    if pattern == "/":
        return path.lstrip("/")
    parts, wanted = path.split("/"), pattern.split("/")
    if len(parts) < len(wanted):
        return None
    if not all(fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=False)):
        return None
    if len(parts) == len(wanted):
        return parts[-1]
    return "/".join(parts[len(wanted) :])
