"""What is known of a built image, kept beside the environment that it names."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from modal_local.model import MountedFile

_IMAGE_ID: Final = re.compile(r"^im-[0-9A-Za-z]+$")


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """A built image."""

    image_id: str
    environment: str
    """Key of its environment on disk."""
    env: Mapping[str, str]
    workdir: str
    files: Mapping[str, MountedFile]
    notes: tuple[str, ...]
    builder_version: str


class ImageRecords:
    """One JSON file an image, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, image_id: str) -> ImageRecord | None:
        """The record; None when there is none, or files that it names have gone."""
        if not _IMAGE_ID.match(image_id):
            return None
        try:
            raw = json.loads(self._path(image_id, "json").read_text())
        except (OSError, ValueError):
            return None
        files = {
            remote: MountedFile(remote_path=remote, content=Path(content), mode=mode)
            for remote, content, mode in raw["files"]
        }
        if not all(file.content.exists() for file in files.values()):
            return None
        return ImageRecord(
            image_id=image_id,
            environment=raw["environment"],
            env=raw["env"],
            workdir=raw["workdir"],
            files=files,
            notes=tuple(raw["notes"]),
            builder_version=raw["builder_version"],
        )

    def write(self, record: ImageRecord) -> None:
        """Keep a record; readers see the old or the new one."""
        raw = {
            "environment": record.environment,
            "env": dict(record.env),
            "workdir": record.workdir,
            "files": [
                [file.remote_path, str(file.content), file.mode] for file in record.files.values()
            ],
            "notes": list(record.notes),
            "builder_version": record.builder_version,
        }
        self._replace(self._path(record.image_id, "json"), json.dumps(raw, indent=1))

    def read_log(self, image_id: str) -> list[str]:
        """Lines of the last build."""
        if not _IMAGE_ID.match(image_id):
            return []
        try:
            return self._path(image_id, "log").read_text().splitlines()
        except OSError:
            return []

    def write_log(self, image_id: str, lines: list[str]) -> None:
        """Keep the lines of a build that has ended."""
        self._replace(self._path(image_id, "log"), "\n".join(lines) + "\n")

    def _path(self, image_id: str, suffix: str) -> Path:
        return self._folder / f"{image_id}.{suffix}"

    def _replace(self, path: Path, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f"{path.suffix}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        draft.replace(path)
