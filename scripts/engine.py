"""The Pulumi engine: the user's own from PATH, else the pinned one, built once and kept.

A built engine is kept in `.cache/engine` (or $PULUMI_MODAL_ENGINE_CACHE, for several checkouts)
under a digest of all that decides what it is, so that a lost .venv costs no second build. The
version of Go is not part of it: the binaries are static, whichever Go built them.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from scripts import engine_build
from scripts.places import BIN, ROOT
from scripts.progress import say

OLDEST: Final = (3, 216, 0)
CACHE_VARIABLE: Final = "PULUMI_MODAL_ENGINE_CACHE"
_STAMP: Final = BIN / ".engine"
_VERSION: Final = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def install() -> None:
    """Have a Pulumi that works: on PATH, or in .venv/bin."""
    if (own := _on_path()) is not None:
        _remove_ours()
        say(f"Pulumi {own}.")
        return
    name = _name()
    if _is_installed(name):
        return
    kept = _cache() / name
    if not _is_whole(kept):
        engine_build.build(kept)
    BIN.mkdir(parents=True, exist_ok=True)
    for file in engine_build.FILES:
        _link(kept / file, BIN / file)
    _STAMP.write_text(name)
    say(f"Pulumi v{engine_build.version()} is in .venv/bin.")


def _on_path() -> str | None:
    """The installed Pulumi, as a sentence says it; None when there is none that will do."""
    path = os.pathsep.join(
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if folder and Path(folder).resolve() != BIN
    )
    program = shutil.which("pulumi", path=path)
    if program is None:
        return None
    beside = str(Path(program).resolve().parent)
    has_host = shutil.which("pulumi-language-python", path=f"{path}{os.pathsep}{beside}")
    try:
        said = subprocess.run(
            [program, "version"], capture_output=True, text=True, check=False, timeout=60
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    match = _VERSION.match(said)
    version = tuple(map(int, match.groups())) if match else (0, 0, 0)
    if version < OLDEST or not has_host:
        oldest = ".".join(map(str, OLDEST[:2]))
        lack = f"is {said or 'of no known version'}" if has_host else "has no Python host"
        say(f"{program} {lack}: not used, {oldest} or newer with pulumi-language-python is needed.")
        return None
    return f"{said} ({program})"


def _name() -> str:
    """Names the engine by everything that decides what it is."""
    system = f"{platform.system()}-{platform.machine()}".lower()
    digest = hashlib.sha256(b"\0".join(engine_build.ingredients())).hexdigest()[:12]
    return f"v{engine_build.version()}-{system}-{digest}"


def _cache() -> Path:
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser().absolute() if named else ROOT / ".cache" / "engine"


def _is_installed(name: str) -> bool:
    try:
        return _STAMP.read_text() == name and _is_whole(BIN)
    except OSError:
        return False


def _is_whole(folder: Path) -> bool:
    return all(os.access(folder / file, os.X_OK) for file in engine_build.FILES)


def _remove_ours() -> None:
    """The installed Pulumi must not be shadowed by an engine that was built before it came."""
    if _STAMP.exists():
        for file in engine_build.FILES:
            (BIN / file).unlink(missing_ok=True)
        _STAMP.unlink()


def _link(source: Path, target: Path) -> None:
    """The same bytes without a second copy, where the file system can; a running one is let be."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        os.link(source, draft)
    except OSError:
        shutil.copy2(source, draft)
    draft.replace(target)
