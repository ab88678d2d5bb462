"""uv as a child process: no shell, an environment chosen by name, its lines as they come."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Mapping, Sequence
from typing import Final

import uv

from modal_local.images.log import BuildLog

DEADLINE_S: Final = 3600.0
_SHOWN_LINES: Final = 20
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
_NOT_FROM_IMAGE: Final = frozenset({"HOME", "PATH", "TMPDIR", "VIRTUAL_ENV", "UV_TARGET"})


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
    return {**host, **wanted, "NO_COLOR": "1", "LANG": "C.UTF-8"}


async def run_uv(arguments: Sequence[str], variables: Mapping[str, str], log: BuildLog) -> None:
    """Run uv to its end. Raises BuildFailed with its last lines."""
    start = len(log.lines)
    # outside every project: the settings of whoever started the server are not the image's
    with tempfile.TemporaryDirectory(prefix="modal-local-build-") as folder:
        process = await asyncio.create_subprocess_exec(
            uv.find_uv_bin(),
            *arguments,
            cwd=folder,
            env=uv_variables(variables),
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


async def _pump(process: asyncio.subprocess.Process, log: BuildLog) -> None:
    if process.stdout is None:
        return
    async for raw in process.stdout:
        line = raw.decode(errors="replace").rstrip()
        if not line.startswith(_OWN_TALK):
            log.append(line)
