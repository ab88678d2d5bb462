"""How to import a Modal file: as a plain file, or as a module of the package it belongs to."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from pulumi_modal.errors import SourceError

_TAKEN = frozenset({"modal", "modal_proto", "modal_version"})


@dataclass(frozen=True)
class Location:
    """What to hand to the SDK's importer, and the folder that must be on the module path."""

    shown: str
    """The file relative to the project, for messages."""
    file: Path
    module: str
    """Dotted name when the file is part of a package, else empty."""
    folder: Path


def locate(source: str, root: Path) -> Location:
    """Find the file and decide how it is imported; raises a sentence when it cannot be."""
    root = root.resolve()
    file = (root / source).resolve()
    if not file.is_relative_to(root):
        raise SourceError(f"{source}: the file is outside the project {root}; move it inside")
    shown = file.relative_to(root).as_posix()
    if file.is_dir():
        raise SourceError(f"{shown}: this is a folder; name the Modal file in it")
    if not file.exists():
        raise SourceError(f"{shown}: there is no such file in {root}; check `source`")
    if file.suffix != ".py":
        raise SourceError(f"{shown}: a Modal file is Python source and ends in .py")
    _check_name(file, shown)
    package = _package_of(file)
    if package is None:
        return Location(shown, file, "", file.parent)
    parts = file.relative_to(package.parent).with_suffix("").parts
    names = parts[:-1] if parts[-1] == "__init__" else parts
    return Location(shown, file, ".".join(names), package.parent)


def _check_name(file: Path, shown: str) -> None:
    if "." in file.stem:
        raise SourceError(f"{shown}: Python cannot import a file with a dot in its name; rename it")
    if file.stem in _TAKEN or file.stem in sys.stdlib_module_names:
        owner = "the modal SDK" if file.stem in _TAKEN else "Python's standard library"
        raise SourceError(
            f"{shown}: a file named {file.name} hides a module of {owner} from everything that"
            " imports it; rename the file, for example to app.py"
        )


def _package_of(file: Path) -> Path | None:
    """The topmost folder of the package the file is in."""
    package = None
    folder = file.parent
    while (folder / "__init__.py").is_file():
        package = folder
        folder = folder.parent
    return package
