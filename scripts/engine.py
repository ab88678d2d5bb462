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
_DEADLINE_S: Final = 60.0
_STAMP: Final = ".engine"
_VERSION: Final = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def install(binaries: Path = BIN) -> None:
    """Have a Pulumi that works: on PATH, or in the folder of the binaries."""
    if installed(os.environ.get("PATH", os.defpath), ours=binaries) is not None:
        _remove(binaries)
        return
    name = _name()
    own = engine_build.SCRIPT.read_bytes() + engine_build.PRELUDE.read_bytes()
    stamp = f"{name} {hashlib.sha256(own).hexdigest()}"
    if _is_current(binaries, stamp):
        return
    kept = _cache() / name
    if not _is_whole(kept):
        engine_build.build(kept)
    binaries.mkdir(parents=True, exist_ok=True)
    for file in engine_build.FILES:
        _link(kept / file, binaries / file)
    _add_own_scripts(binaries)
    (binaries / _STAMP).write_text(stamp)
    say(f"Pulumi v{engine_build.version()} is in .venv/bin.")


def installed(path: str, *, ours: Path) -> Path | None:
    """The user's own Pulumi on PATH; None, with a sentence, when it is none that will do."""
    folders = [folder for folder in path.split(os.pathsep) if folder]
    theirs = os.pathsep.join(folder for folder in folders if Path(folder).resolve() != ours)
    program = shutil.which("pulumi", path=theirs)
    if program is None:
        return None
    beside = str(Path(program).resolve().parent)
    has_host = shutil.which("pulumi-language-python", path=f"{theirs}{os.pathsep}{beside}")
    said = _version_of(program)
    match = _VERSION.match(said)
    if has_host and match and tuple(map(int, match.groups())) >= OLDEST:
        return Path(program)
    lack = f"is {said or 'of no known version'}" if has_host else "has no Python host"
    oldest = ".".join(map(str, OLDEST[:2]))
    say(f"{program} {lack}: not used, {oldest} or newer with pulumi-language-python is needed.")
    return None


def _version_of(program: str) -> str:
    try:
        done = subprocess.run(
            [program, "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_DEADLINE_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _name() -> str:
    """Names the engine by everything that decides what it is."""
    system = f"{platform.system()}-{platform.machine()}".lower()
    digest = hashlib.sha256(b"\0".join(engine_build.ingredients())).hexdigest()[:12]
    return f"v{engine_build.version()}-{system}-{digest}"


def _cache() -> Path:
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser().absolute() if named else ROOT / ".cache" / "engine"


def _is_current(binaries: Path, stamp: str) -> bool:
    try:
        is_stamped = (binaries / _STAMP).read_text() == stamp
    except OSError:
        return False
    return is_stamped and _is_whole(binaries) and (binaries / engine_build.SCRIPT.name).exists()


def _is_whole(folder: Path) -> bool:
    return all(os.access(folder / file, os.X_OK) for file in engine_build.FILES)


def _add_own_scripts(binaries: Path) -> None:
    """What the host of 3.79 lacks: one script before it, one before its runner of programs."""
    shutil.copy(engine_build.SCRIPT, binaries)
    runner = binaries / engine_build.RUNNER
    draft = runner.with_name(f".{runner.name}.{os.getpid()}")
    draft.write_text(engine_build.PRELUDE.read_text() + runner.read_text())
    draft.chmod(0o755)
    draft.replace(runner)  # a new file: the old one is also the one in the cache


def _remove(binaries: Path) -> None:
    """The user's own Pulumi must not be shadowed by an engine that was built before it came."""
    if (binaries / _STAMP).exists():
        for file in (*engine_build.FILES, engine_build.SCRIPT.name, _STAMP):
            (binaries / file).unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    """The same bytes without a second copy, where the file system can; a running one is let be."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        os.link(source, draft)
    except OSError:
        shutil.copy2(source, draft)
    draft.replace(target)
