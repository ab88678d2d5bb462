"""Watch what a user's file touches while it is planned, so that the plan can be kept.

Runs in the planning child. Python tells of files, folders and processes by its audit events; it
tells nobody of `os.stat`, so its few doors are watched themselves. Modules are looked for through
a finder that finds nothing and remembers what was asked. What cannot be followed (the network,
other processes, writing) makes the plan one that is not kept.
"""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

from pulumi_modal.planning import reliance
from pulumi_modal.planning.chance import is_own_file
from pulumi_modal.planning.reliance import Identity, Reliance, is_settled
from pulumi_modal.source.trace import is_installed_file

_IMPORT: Final = "<frozen importlib"
_NOT_FOLLOWED: Final = (
    *("subprocess.", "pty.", "os.", "fcntl.", "mmap.", "ctypes.dlopen"),
    *("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "imaplib.", "poplib.", "telnetlib."),
    *("sqlite3.", "dbm.", "shutil.", "tempfile."),
)
"""How events begin of what a plan may depend on and nobody can follow."""
_FOLLOWED: Final = frozenset(
    {
        "os.listdir",
        "os.scandir",
        "os.walk",
        "os.fwalk",
        "os.putenv",
        "os.unsetenv",
        "socket.__new__",
    }
)
_BY_IMPORT: Final = frozenset({"os.mkdir", "os.rename", "os.remove"})
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MACHINE: Final = ("/proc/", "/sys/", "/dev/")
Named = Mapping[str, Any]
_OF_LINK: Final[Named] = {"follow_symlinks": False}
_ASKS_KIND: Final = frozenset(
    {
        *("exists", "isfile", "isdir", "islink", "lexists", "samefile", "ismount"),
        *("is_file", "is_dir", "is_symlink", "resolve", "realpath", "_joinrealpath"),
        *("walk", "_iterate_directories"),
    }
)


class Watch:
    """Collects what is relied on; `refused` says why the plan cannot be kept, when it cannot."""

    def __init__(self, root: Path) -> None:
        self.refused = ""
        self._root = root
        self._started_ns = time.time_ns()
        self._before = {getattr(one, "__file__", None) for one in list(sys.modules.values())}
        self._over = False
        self._own = threading.local()
        self._found = Reliance()
        self._entries: dict[str, frozenset[str]] = {}
        self._names: dict[str, set[str]] = {}
        self._kept: dict[str, Any] = {}

    def start(self) -> None:
        """From here on. An audit hook stays for ever; this process is made for one plan."""
        sys.addaudithook(self._hear)
        sys.meta_path.insert(0, self)
        for name in ("stat", "lstat", "readlink", "access"):
            self._kept[name] = getattr(os, name)
            of_link: Named = {} if name in {"stat", "access"} else _OF_LINK
            setattr(os, name, _asking(self._kept[name], self._asked, of_link))

    def end(self) -> Reliance | None:
        """All that was relied on, as it is; None when it changed meanwhile, or was refused."""
        self._over = True
        for name, original in self._kept.items():
            setattr(os, name, original)
        if sys.meta_path[0] is not self:
            self._refuse("puts a finder of its own before all others")
        sys.meta_path.remove(self)
        if self.refused or not self._is_unchanged():
            return None
        return self._found

    def find_spec(self, name: str, path: Sequence[str] | None = None, _target: Any = None) -> None:
        """Remember which folders are searched for a module; never finds one."""
        tail = name.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            self._names.setdefault(folder, set()).add(tail)
            self._take_entries(folder)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._over or getattr(self._own, "looks", False):
            return
        if event == "open":
            self._opened(arguments, sys._getframe(1))  # noqa: SLF001  # who opens it
        elif event in {"os.listdir", "os.scandir"}:
            if not _is_import(sys._getframe(1)):  # noqa: SLF001
                self._listed(arguments[0])
        elif event not in _FOLLOWED and event.startswith(_NOT_FOLLOWED):
            by_import = event in _BY_IMPORT and _is_import(sys._getframe(1))  # noqa: SLF001
            if not by_import and not (event == "ctypes.dlopen" and arguments[0] is None):
                self._refuse(event)

    def _opened(self, arguments: tuple[Any, ...], caller: FrameType) -> None:
        path, mode, flags = arguments
        if isinstance(path, int):
            return
        name = self._whole(path)
        if name == os.devnull:
            return
        compiled = name.endswith(".pyc") and _is_import(caller)
        writes = any(one in (mode or "") for one in "wax+") or bool((flags or 0) & _WRITES)
        if compiled:
            self._compiled(name)
        elif writes and _is_import(caller):
            return  # what it has compiled; it has read the source
        elif writes:
            if reliance.kind_of(name) != stat.S_IFDIR:  # in a folder: a file without a name
                self._refuse(f"writes {name}")
        elif name.startswith(_MACHINE):
            self._refuse(f"reads {name}")
        else:
            self._take(self._found.files, name, reliance.identity_of)

    def _compiled(self, name: str) -> None:
        """Its source counts, also of a module whose import fails and that no list has then.

        Compiled code that Python takes for newer than its source must be so.
        """
        source = _source_of(name)
        self._take(self._found.files, source, reliance.identity_of)
        if is_own_file(source, self._root):
            code, text = reliance.identity_of(name), reliance.identity_of(source)
            if code and text and code[-2] < text[-2]:
                self._refuse(f"{name} is older than its source")

    def _listed(self, path: Any) -> None:
        if isinstance(path, int):
            self._refuse("lists an open folder")
            return
        name = self._whole(path or ".")
        self._take_entries(name)
        self._found.listed.setdefault(name, [])

    def _asked(self, path: Any, named: Named, caller: FrameType) -> None:
        if isinstance(path, int):
            return  # it is open, so it is known
        if named.get("dir_fd") is not None:
            self._refuse("asks in an open folder")
        if not named.get("follow_symlinks", True):
            self._take(self._found.links, self._whole(path), reliance.link_of)
        if not _asks_kind(caller):
            self._take(self._found.files, self._whole(path), reliance.identity_of)
        elif named.get("follow_symlinks", True):
            self._take(self._found.kinds, self._whole(path), reliance.kind_of)

    def _take(self, found: dict[str, Any], name: str, ask: Callable[[str], Any]) -> None:
        if name not in found:
            found[name] = ask(name)

    def _take_entries(self, folder: str) -> None:
        if folder not in self._entries:
            self._own.looks = True
            try:
                self._entries[folder] = reliance.entries_of(folder)
            finally:
                self._own.looks = False

    def _whole(self, path: Any) -> str:
        return os.path.join(self._root, os.fsdecode(path))  # noqa: PTH118  # as the system sees it

    def _refuse(self, reason: str) -> None:
        self.refused = self.refused or reason

    def _is_unchanged(self) -> bool:
        """Look again, and write down how folders are."""
        found = self._found
        for module in list(sys.modules.values()):  # compiled ones are opened by the system
            file = getattr(module, "__file__", None)
            if file and file not in self._before:
                self._take(found.files, file, reliance.identity_of)
        for name, was in found.files.items():
            if was is not None:
                self._look_again(name, was)
            elif reliance.identity_of(name) is not None:
                self._refuse(f"{name} came just now")
        kinds = all(reliance.kind_of(name) == was for name, was in found.kinds.items())
        links = all(reliance.link_of(name) == was for name, was in found.links.items())
        if not (kinds and links):
            self._refuse("a path changed just now")
        for folder, before in self._entries.items():
            self._keep_folder(folder, before)
        return not self.refused

    def _look_again(self, name: str, was: list[int]) -> None:
        if not (stat.S_ISREG(was[2]) or stat.S_ISDIR(was[2])):
            self._refuse(f"reads {name}")
        installed = is_installed_file(name)
        if installed:
            self._found.contents[name] = reliance.content_of(name)
        now = reliance.identity_of(name)
        same = now is not None and (now[:-1] == was[:-1] if installed else now == was)
        if not same or not is_settled(was, self._started_ns, installed=installed):
            self._refuse(f"{name} changed just now")

    def _keep_folder(self, folder: str, before: frozenset[str]) -> None:
        identity: Identity = reliance.identity_of(folder)
        kept = identity if is_settled(identity, self._started_ns) else None
        now = reliance.entries_of(folder)
        if folder in self._found.listed:
            self._found.listed[folder] = [kept, reliance.entries_digest(now)]
            if now != before:
                self._refuse(f"{folder} changed just now")
        if folder in self._names:
            names = sorted(self._names[folder])
            looked_for = reliance.named_like(now, names)
            if looked_for != reliance.named_like(before, names):
                self._refuse(f"{folder} changed just now")
            if identity is None or not stat.S_ISDIR(identity[2]):
                self._found.files[folder] = identity  # no folder, or an archive of modules
            else:
                self._found.searched[folder] = [kept, names, looked_for]


def _asking(original: Callable[..., Any], tell: Callable[..., None], of_link: Named) -> Any:
    def asked(path: Any, *arguments: Any, **named: Any) -> Any:
        tell(path, {**of_link, **named}, sys._getframe(1))  # noqa: SLF001  # who asks counts
        return original(path, *arguments, **named)

    return asked


def _source_of(compiled: str) -> str:
    """What it was compiled from; compiled code that stands alone is its own source."""
    try:
        return importlib.util.source_from_cache(compiled)
    except ValueError:
        return compiled


def _is_import(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_IMPORT)


def _asks_kind(frame: FrameType | None) -> bool:
    """True when the caller only wants to know whether there is something, and of which kind."""
    while frame is not None and frame.f_code.co_name in {"stat", "lstat"} and _is_of_path(frame):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_name in _ASKS_KIND and _is_of_path(frame)


def _is_of_path(frame: FrameType) -> bool:
    return any(one in frame.f_code.co_filename for one in ("genericpath", "posixpath", "pathlib"))
