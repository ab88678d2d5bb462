"""uv as a child process: no shell, an environment chosen by name, its lines as they come."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil
import uv

from modal_local.images.log import BuildLog

DEADLINE_S: Final = 3600.0
_SHOWN_LINES: Final = 20
_GONE_S: Final = 5.0
_OWN_TALK: Final = ("Using Python ", "Using CPython ", "Creating virtual environment ")
_LONGEST_LINE: Final = 1 << 20
_KEPT: Final = frozenset(
    {
        *("HOME", "USER", "LOGNAME", "PATH", "TMPDIR"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC", "SSH_AUTH_SOCK"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    }
)
_PIP_NAMES: Final[Mapping[str, str]] = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
    "PIP_CERT": "SSL_CERT_FILE",
}
"""A machine set up for pip only is understood as well."""
_NOT_FROM_IMAGE: Final = frozenset(
    {
        *("HOME", "PATH", "TMPDIR", "VIRTUAL_ENV"),
        # where and how uv puts things is for this machine to say
        *("UV_TARGET", "UV_PYTHON", "UV_SYSTEM_PYTHON"),
        *("UV_CACHE_DIR", "UV_NO_CACHE", "UV_LINK_MODE", "UV_COMPILE_BYTECODE"),
    }
)
_OWN_CACHE: Final = ".uv-cache"
_BUILD_VARIABLE: Final = "MODAL_LOCAL_BUILD"
"""In the environment of a build: the folder it works in, by which it is known later."""


class BuildFailed(Exception):
    """A build that ended without an image; the message is for the one who deploys."""


def uv_variables(image: Mapping[str, str]) -> dict[str, str]:
    """Variables for uv: of this machine what finding packages needs, then those of the image."""
    host = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(("UV_", "XDG_", "LC_"))
    }
    for pip_name, uv_name in _PIP_NAMES.items():
        if os.environ.get(pip_name):
            host.setdefault(uv_name, os.environ[pip_name])
    wanted = {
        name: value
        for name, value in image.items()
        if name not in _NOT_FROM_IMAGE and not name.startswith(("LD_", "PYTHON", "DYLD_"))
    }
    own = {"NO_COLOR": "1", "LANG": "C.UTF-8", "UV_LINK_MODE": "hardlink"}
    return {**host, **wanted, **own}


def cache_for(
    environment: Path, variables: Mapping[str, str], device: Callable[[Path], int]
) -> Path | None:
    """A cache beside the environments where uv's own is on another file system, which hard links
    cannot cross: each image would be a copy. None where uv's own will do."""
    if "UV_CACHE_DIR" in variables:
        usual = Path(variables["UV_CACHE_DIR"])
    elif "XDG_CACHE_HOME" in variables:
        usual = Path(variables["XDG_CACHE_HOME"])
    else:
        usual = Path(variables.get("HOME", "/")) / ".cache"
    return None if device(usual) == device(environment) else environment.parent / _OWN_CACHE


async def run_uv(
    arguments: Sequence[str], variables: Mapping[str, str], log: BuildLog, *, environment: Path
) -> None:
    """Run uv on an environment, to its end. Raises BuildFailed with its last lines."""
    start = len(log.lines)
    environ = uv_variables(variables)
    cache = cache_for(environment, environ, _device)
    if cache is not None:
        environ["UV_CACHE_DIR"] = str(cache)
    environ[_BUILD_VARIABLE] = str(environment.parent)
    # outside every project: the settings of whoever started the server are not the image's
    with tempfile.TemporaryDirectory(prefix="modal-local-build-") as folder:
        process = await asyncio.create_subprocess_exec(
            uv.find_uv_bin(),
            *arguments,
            cwd=folder,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        try:
            async with asyncio.timeout(DEADLINE_S):
                await _pump(process, log)
                status = await process.wait()
        except TimeoutError as error:
            raise BuildFailed(f"uv was not done after {DEADLINE_S:.0f} s") from error
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
    if status != 0:
        shown = log.lines[start:][-_SHOWN_LINES:]
        raise BuildFailed("\n".join(shown) or f"uv ended with status {status}")


def end_builds(folder: Path) -> None:
    """End builds in this folder whose server was killed. Called before any build."""
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # another user's, or gone
            if process.environ().get(_BUILD_VARIABLE) == str(folder):
                process.kill()
                left.append(process)
    psutil.wait_procs(left, timeout=_GONE_S)


def _device(path: Path) -> int:
    """The file system of a path, or of the nearest folder above it that is there."""
    for folder in (path, *path.parents):
        with contextlib.suppress(OSError):
            return folder.stat().st_dev
    return 0


async def _pump(process: asyncio.subprocess.Process, log: BuildLog) -> None:
    if process.stdout is None:
        return
    async for raw in process.stdout:
        line = raw.decode(errors="replace").rstrip()
        if not line.startswith(_OWN_TALK):
            log.append(line)
