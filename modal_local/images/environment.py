"""Interpreter environments on disk: made by uv, grown layer by layer with hard links.

An environment appears under its final name only when it is complete, so that a build which is
killed leaves nothing that could be taken for one. Environments are never changed afterwards.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from modal_local.images import client
from modal_local.images.log import BuildLog
from modal_local.images.uv import end_builds, run_uv

_PATH_FILE = "modal-client-dependencies.pth"


class Installer(Protocol):
    """Something that adds packages to the environment in a folder."""

    async def __call__(self, environment: Path, /) -> None:
        """Raises BuildFailed."""


class Environments:
    """All environments of one local Modal."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: dict[str, asyncio.Lock] = {}
        self._base = ""

    def path(self, key: str) -> Path:
        """Where an environment lies, or would lie."""
        return self._folder / key

    def python(self, key: str) -> Path:
        """The interpreter of an environment."""
        return self.path(key) / "bin" / "python"

    def is_ready(self, key: str) -> bool:
        """Whether it is there and complete."""
        return bool(key) and self.python(key).exists()

    def client_path(self, key: str) -> Path:
        """The folder that holds the client for this environment."""
        return Path((self.path(key) / "client").read_text().strip())

    async def base(self, log: BuildLog) -> str:
        """The environment of an image that installs nothing. Makes it when it is not there."""
        if not self._base:
            self._base = await asyncio.to_thread(self._base_key)
        key = self._base
        async with self._lock(key):
            if not self.is_ready(key):
                await self._make_base(key, log)
        return key

    async def derive(self, parent: str, key: str, install: Installer) -> None:
        """Environment `key`: a clone of `parent` on which `install` has worked."""
        async with self._lock(key):
            if self.is_ready(key):
                return
            draft = self._draft()
            try:
                await asyncio.to_thread(
                    shutil.copytree,
                    self.path(parent),
                    draft,
                    symlinks=True,
                    copy_function=client.link_or_copy,
                    dirs_exist_ok=True,
                )
                await install(draft)
                draft.rename(self.path(key))
            finally:
                await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)

    def remove_drafts(self) -> None:
        """Take away what a killed server left of its builds. Called when no build runs."""
        if self._folder.exists():
            end_builds(self._folder)
        for draft in self._folder.glob(".draft-*"):
            shutil.rmtree(draft, ignore_errors=True)

    def _base_key(self) -> str:
        return f"base-{client.client_key(client.client_distributions())}"

    def _lock(self, key: str) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())

    def _draft(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".draft-", dir=self._folder))

    async def _make_base(self, key: str, log: BuildLog) -> None:
        log.append("Preparing the Python environment of the local Modal")
        packages = self._folder / f"{key}.client"
        draft, draft_packages = self._draft(), self._draft()
        try:
            # uv writes no shebangs that name the folder: environments are cloned and renamed
            arguments = ["venv", "--relocatable", "--allow-existing", "--no-project"]
            interpreter = str(Path(sys.base_prefix) / "bin" / Path(_base_interpreter()).name)
            arguments += ["--python", interpreter, str(draft)]
            await run_uv(arguments, {}, log, environment=draft)
            if not packages.exists():
                distributions = client.client_distributions()
                await asyncio.to_thread(client.link_client, draft_packages, distributions)
                await _compile(draft_packages)
                draft_packages.rename(packages)
            (draft / "client").write_text(f"{packages / 'client'}\n")
            (_site_packages(draft) / _PATH_FILE).write_text(f"{packages / 'dependencies'}\n")
            shutil.rmtree(self.path(key), ignore_errors=True)
            draft.rename(self.path(key))
        finally:
            for folder in (draft, draft_packages):
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def environment_key(parent: str, *parts: object) -> str:
    """Equal work on equal environments has equal names."""
    text = json.dumps([parent, *parts], sort_keys=True, default=str)
    return f"env-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


async def _compile(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(_base_interpreter(), "-I", "-m", "compileall", "-q", "-j", "0", str(folder)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await process.wait()  # a file that does not compile is its importer's concern


def _base_interpreter() -> str:
    return getattr(sys, "_base_executable", "") or sys.executable


def _site_packages(environment: Path) -> Path:
    variables: Mapping[str, str] = {"base": str(environment), "platbase": str(environment)}
    return Path(sysconfig.get_path("purelib", scheme="venv", vars=dict(variables)))
