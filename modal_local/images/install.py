"""Carrying out one step of a layer: packages into an environment, by uv."""

from __future__ import annotations

import hashlib
import os
import posixpath
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from modal_local.images.installation import OWN_REQUIREMENTS, Installation, InstallationError, Sync
from modal_local.images.layer import Step
from modal_local.images.log import BuildLog
from modal_local.images.uv import run_uv
from modal_local.model import MountedFile

_SYNC_FILES = ("pyproject.toml", "uv.lock")


class StepInstaller:
    """Installs what a step asks for into a folder's environment."""

    def __init__(self, step: Step, variables: Mapping[str, str], log: BuildLog) -> None:
        self._step = step
        self._variables = variables
        self._log = log

    async def __call__(self, environment: Path) -> None:
        """Raises BuildFailed, InstallationError."""
        with tempfile.TemporaryDirectory(prefix="modal-local-step-") as folder:
            work = self._step.work
            if isinstance(work, Sync):
                await self._sync(work, environment, Path(folder))
            else:
                await self._install(work, environment, Path(folder))

    async def _install(self, work: Installation, environment: Path, folder: Path) -> None:
        requirements = _write(folder / "requirements.txt", _requirement_lines(work, self, folder))
        arguments = ["pip", "install", "--python", str(environment / "bin" / "python")]
        arguments += [*work.options, "--requirements", str(requirements)]
        for path in work.requirement_files:
            if path != OWN_REQUIREMENTS:
                arguments += ["--requirements", str(self._bring(path, folder))]
        for path in work.constraint_files:
            arguments += ["--constraints", str(self._bring(path, folder))]
        variables = {**self._variables, **work.variables}
        await run_uv(arguments, variables, self._log, environment=environment)

    async def _sync(self, work: Sync, environment: Path, folder: Path) -> None:
        for name in _SYNC_FILES:
            path = posixpath.join(work.project, name)
            if path in self._step.files:
                self._bring(path, folder)
        project = folder / work.project.lstrip("/")
        arguments = ["sync", "--project", str(project), "--inexact", "--no-install-workspace"]
        variables = {**self._variables, "UV_PROJECT_ENVIRONMENT": str(environment)}
        arguments += work.options
        await run_uv(arguments, variables, self._log, environment=environment)

    def _bring(self, path: str, folder: Path) -> Path:
        """Lay a file or directory of the image into the folder, under its path."""
        path = posixpath.normpath(posixpath.join("/", path))
        found = {
            remote: file
            for remote, file in self._step.files.items()
            if remote == path or remote.startswith(f"{path}/")
        }
        if not found:
            raise InstallationError(f"{path} is not a file of the image: {self._step.line}")
        for remote, file in found.items():
            target = folder / remote.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.content, target)
        return folder / path.lstrip("/")

    def local_path(self, requirement: str, folder: Path) -> str:
        """A requirement that is a path in the image, as a path on this machine."""
        return str(self._bring(requirement, folder))


def step_digest(step: Step) -> str:
    """Equal for steps that install the same from the same files."""
    work = step.work
    named: tuple[str, ...]
    if isinstance(work, Sync):
        named = tuple(posixpath.join(work.project, name) for name in _SYNC_FILES)
    else:
        paths = tuple(name for name in work.requirements if _is_path(name))
        named = (*work.requirement_files, *work.constraint_files, *paths)
    digest = hashlib.sha256(repr(work).encode())
    for remote, file in sorted(_named_files(step.files, named).items()):
        digest.update(f"\n{remote} ".encode())
        digest.update(hashlib.sha256(file.content.read_bytes()).digest())
    return digest.hexdigest()


def _named_files(
    files: Mapping[str, MountedFile], named: tuple[str, ...]
) -> dict[str, MountedFile]:
    prefixes = tuple(f"{name.rstrip('/')}/" for name in named)
    return {
        remote: file
        for remote, file in files.items()
        if remote in named or remote.startswith(prefixes)
    }


def _requirement_lines(work: Installation, installer: StepInstaller, folder: Path) -> list[str]:
    lines = [f"{option} {value}" for option, value in work.indexes]
    lines += [
        installer.local_path(requirement, folder) if _is_path(requirement) else requirement
        for requirement in work.requirements
    ]
    return lines


def _is_path(requirement: str) -> bool:
    return requirement.startswith(("/", "./", "../")) or requirement == "."


def _write(path: Path, lines: list[str]) -> Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
    return path
