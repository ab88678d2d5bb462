"""Plans of earlier previews, kept as long as everything they relied on is still so.

The name of a file in the cache is a keyed digest of everything that is asked (file, settings, all
environment variables, Python, machine); its content is the plan and what it relied on, sealed with
the same key. So no value of a variable is kept, and a file that is not whole is no file at all.
Only previews read it: what is deployed is always planned anew.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pulumi_modal.errors import ModalStackError
from pulumi_modal.planning.reliance import Look
from pulumi_modal.source.environment import child_environment
from pulumi_modal.source.forkserver import module_path
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.spec.plan import Plan

VARIABLE: Final = "PULUMI_MODAL_PLAN_CACHE"
"""`off`, or a folder for the cache."""
MOST_PLANS: Final = 2000
LARGEST_BYTES: Final = 2**20
_FORMAT: Final = 1
_KEY_BYTES: Final = 32
_BROKEN: Final = (OSError, ValueError, KeyError, TypeError, RecursionError)
"""What reading a file can end in that somebody else has written."""


class PlanCache:
    """A folder of plans. Whatever is wrong with it, there is just no plan in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = b""
        with suppress(OSError):
            self._key = _key(folder)
        self._look = Look()
        self._asked_from: dict[Path, list[Any]] = {}
        self._known_loaded: dict[str, bool] = {}

    def find(self, request: PlanRequest) -> Plan | None:
        """The plan that was made of this, when it would be made the same again."""
        if not self._key:
            return None
        try:
            entry = self._read(self._name(request))
            if self._is_loaded(entry["loaded"]) and self._look.still_holds(entry["relied"]):
                return Plan.model_validate(entry["plan"])
        except _BROKEN:
            pass
        return None

    def keep(
        self, request: PlanRequest, answer: Mapping[str, Any], loaded: Callable[[], Any]
    ) -> None:
        """Keep what a watched child has answered; `loaded` tells what was loaded before it."""
        if not self._key or "relied" not in answer:
            return
        digest = answer["loaded"]
        with suppress(OSError, ModalStackError):  # the plan is made: only nobody will know it
            if not self._path(f"loaded-{digest}").exists():
                told = loaded()
                if told.get("digest") != digest:
                    return
                self._write(f"loaded-{digest}", told)
            self._write(self._name(request), dict(answer))

    def prune(self) -> None:
        """Remove the oldest plans when there are too many."""
        with suppress(OSError):
            files = sorted(self._files(), key=lambda one: one.stat().st_mtime)
            for file in files[: max(0, len(files) - MOST_PLANS)]:
                file.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        return self._folder.glob("*.json")

    def _is_loaded(self, digest: str) -> bool:
        if digest not in self._known_loaded:
            told = self._read(f"loaded-{digest}")
            look = Look()
            self._known_loaded[digest] = look.still_holds(told["relied"])
            if self._known_loaded[digest] and look.linked:
                told["relied"]["files"].update(look.linked)  # so that it is not read again
                self._write(f"loaded-{digest}", told)
        return self._known_loaded[digest]

    def _name(self, request: PlanRequest) -> str:
        asked = asdict(request)
        del asked["deadline_s"]  # a plan that took too long is none
        if request.root not in self._asked_from:
            self._asked_from[request.root] = _surroundings(request.root.resolve())
        asked["root"] = self._asked_from[request.root]
        return self._digest(json.dumps([_FORMAT, asked], sort_keys=True).encode())

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _read(self, name: str) -> dict[str, Any]:
        with self._path(name).open("rb") as file:
            seal, _, text = file.read(LARGEST_BYTES).partition(b"\n")
        if not hmac.compare_digest(seal, self._digest(name.encode() + text).encode()):
            raise ValueError(name)
        found: dict[str, Any] = json.loads(text)
        return found

    def _write(self, name: str, content: Any) -> None:
        text = json.dumps(content, separators=(",", ":")).encode()
        whole = self._digest(name.encode() + text).encode() + b"\n" + text
        if len(whole) <= LARGEST_BYTES:
            _write_whole(self._path(name), whole)

    def _digest(self, content: bytes) -> str:
        return hmac.new(self._key, content, "sha256").hexdigest()


def plan_cache() -> PlanCache | None:
    """The cache of this user; None when it is switched off."""
    said = os.environ.get(VARIABLE, "")
    if said == "off":
        return None
    home = os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi"
    return PlanCache(Path(said) if said else Path(home) / "pulumi-modal" / "plans")


def _surroundings(root: Path) -> list[Any]:
    """What a planning child starts with: folders, variables, Python and the machine."""
    cpus = getattr(os, "sched_getaffinity", lambda _pid: ())(0)
    path = module_path(root, sys.path, os.environ.get("PYTHONPATH", ""))
    machine = [sys.version, sys.executable, list(os.uname()), os.getuid(), sorted(cpus)]
    return [str(root), path, child_environment({}), machine]


def _key(folder: Path) -> bytes:
    """The key of this cache, made at its first use; empty when others could have written it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        return b""
    file = folder / "key"
    if not file.exists():
        _write_whole(file, secrets.token_bytes(_KEY_BYTES), only_new=True)
    key = file.read_bytes()
    return key if len(key) == _KEY_BYTES else b""


def _write_whole(file: Path, content: bytes, *, only_new: bool = False) -> None:
    """Write for this user only; others see the old file or the new one, never a part."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as open_file:
            open_file.write(content)
        if only_new:
            with suppress(FileExistsError):
                os.link(name, file)
            Path(name).unlink()
        else:
            Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
