"""The client that every container needs (modal and what it imports), linked from this interpreter.

Nothing is downloaded for it. Modal gives its containers the same: the client comes first on the
path, its dependencies come last, so that packages of the image win over them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"^[A-Za-z0-9][\w.-]*")
_EXTRA: Final = re.compile(r"\bextra\s*==")
CLIENT: Final = "modal"


def link_or_copy(source: str, target: str) -> str:
    """A hard link where the file system allows one, else a copy with the same times."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
    return target


def client_distributions() -> dict[str, metadata.Distribution]:
    """The client and everything it requires here, by name."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [CLIENT]
    while waiting:
        name = _canonical(waiting.pop())
        if name in found:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if name == CLIENT:
                raise
            continue  # required on other platforms or Pythons only
        found[name] = distribution
        waiting.extend(_required(distribution))
    return found


def client_key(distributions: dict[str, metadata.Distribution]) -> str:
    """Names this set of versions on this interpreter."""
    versions = sorted(f"{name}=={found.version}" for name, found in distributions.items())
    interpreter = f"{sys.version} {sys.base_prefix} {sys.platform}"
    return hashlib.sha256("\n".join([interpreter, *versions]).encode()).hexdigest()[:16]


def link_client(folder: Path, distributions: dict[str, metadata.Distribution]) -> None:
    """Fill `folder`/client and `folder`/dependencies."""
    for name, distribution in distributions.items():
        target = folder / ("client" if name == CLIENT else "dependencies")
        for relative, source in _files(distribution):
            destination = target / relative
            destination.parent.mkdir(parents=True, exist_ok=True)
            if not destination.exists():
                link_or_copy(str(source), str(destination))


def _files(distribution: metadata.Distribution) -> Iterator[tuple[str, Path]]:
    for file in distribution.files or ():
        if ".." in file.parts or file.is_absolute() or file.suffix == ".pyc":
            continue  # scripts of the environment; bytecode is linked below
        source = Path(str(distribution.locate_file(file)))
        if not source.is_file():
            continue
        yield str(file), source
        if file.suffix == ".py":
            cached = f"__pycache__/{file.stem}.{sys.implementation.cache_tag}.pyc"
            if (compiled := source.parent / cached).is_file():
                yield str(Path(file).parent / cached), compiled


def _required(distribution: metadata.Distribution) -> Iterator[str]:
    for requirement in distribution.requires or ():
        specifier, _, marker = requirement.partition(";")
        if _EXTRA.search(marker) is None and (match := _NAME.match(specifier.strip())):
            yield match[0]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
