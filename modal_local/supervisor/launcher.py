"""First process of a container: ties its life to the server, arranges its view of the file
system, and becomes the image's Python. A script of its own on the standard library alone
(`python -I -S launcher.py PLAN`), because it runs where nothing of this project is importable.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1
_CLONE_NEWNS: Final = 0x00020000
_CLONE_NEWUSER: Final = 0x10000000
_MS_RDONLY: Final = 1
_MS_REMOUNT: Final = 32
_MS_BIND: Final = 4096
_MS_REC: Final = 16384
_MS_UNBINDABLE: Final = 1 << 17
_MS_PRIVATE: Final = 1 << 18
_MS_SLAVE: Final = 1 << 19
_MNT_DETACH: Final = 2
_ST_FLAGS: Final = {os.ST_NOSUID: 2, os.ST_NODEV: 4, os.ST_NOEXEC: 8} if os.name == "posix" else {}
_EXIT_LOST: Final = 125
_EXIT_NO_VIEW: Final = 124


def main(plan_path: str) -> None:
    """Do what the plan says; does not return."""
    with open(plan_path, encoding="utf-8") as file:  # noqa: PTH123 - start-up time
        plan = json.load(file)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # a server in the background hands down SIG_IGN
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    library = ctypes.CDLL(None, use_errno=True)
    if plan["mounts"] is not None:
        try:
            _enter_view(library, plan)
        except OSError as error:
            sys.stderr.write(f"the container's file system could not be arranged: {error}\n")
            os._exit(_EXIT_NO_VIEW)
    if sys.platform == "linux":
        # after all changes of identity, which clear it
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != plan["parent"]:
            os._exit(_EXIT_LOST)
    os.chdir(plan["workdir"])
    os.execve(plan["argv"][0], plan["argv"], dict(os.environ))  # noqa: S606 - argv is our own


def _enter_view(library: ctypes.CDLL, plan: dict[str, Any]) -> None:
    root = plan["view"]
    user, group = os.getuid(), os.getgid()
    if user == 0:
        _check(library.unshare(_CLONE_NEWNS), "unshare")
        propagation = _MS_PRIVATE
    else:
        _check(library.unshare(_CLONE_NEWUSER | _CLONE_NEWNS), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        propagation = _MS_SLAVE
    _mount(library, None, "/", None, _MS_REC | propagation)
    _mount(library, "tmpfs", root, "tmpfs", 0)
    _mount(library, None, root, None, _MS_UNBINDABLE)
    for operation in plan["mounts"]:
        _carry_out(library, root, operation)
    os.chdir(root)
    _check(library.syscall(_pivot_root(), b".", b"."), "pivot_root")
    _check(library.umount2(b".", _MNT_DETACH), "umount")
    os.chdir("/")


def _carry_out(library: ctypes.CDLL, root: str, operation: dict[str, Any]) -> None:
    target = root + operation["target"]
    source = operation["source"]
    match operation["kind"]:
        case "folder":
            os.makedirs(target, exist_ok=True)  # noqa: PTH103 - start-up time
        case "link":
            os.symlink(source, target)  # noqa: PTH211 - start-up time
        case "tmpfs":
            os.makedirs(target, exist_ok=True)  # noqa: PTH103 - start-up time
            _mount(library, "tmpfs", target, "tmpfs", 0)
        case "bind":
            _bind(library, source, target, read_only=operation["read_only"])


def _bind(library: ctypes.CDLL, source: str, target: str, *, read_only: bool) -> None:
    if os.path.isdir(source):  # noqa: PTH112 - start-up time
        os.makedirs(target, exist_ok=True)  # noqa: PTH103 - start-up time
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120 - start-up time
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o644))
    _mount(library, source, target, None, _MS_BIND | _MS_REC)
    if read_only:
        held = os.statvfs(target).f_flag
        kept = sum(flag for shown, flag in _ST_FLAGS.items() if held & shown)
        _mount(library, None, target, None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY | kept)


def _mount(
    library: ctypes.CDLL, source: str | None, target: str, kind: str | None, flags: int
) -> None:
    result = library.mount(
        source.encode() if source else None,
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        None,
    )
    _check(result, f"mount {target}")


def _pivot_root() -> int:
    return {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}.get(
        os.uname().machine, 155
    )


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1])
