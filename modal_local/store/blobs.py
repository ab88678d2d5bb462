"""Blobs: contents too large for a message, and the files that deploys upload."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from modal_local.errors import Invalid, NotFound
from modal_local.store.identity import new_id

_BLOB_ID: Final = re.compile(r"^bl-[A-Za-z0-9]{22}$")
_SHA256: Final = re.compile(r"^[0-9a-f]{64}$")
KEPT_S: Final = 7 * 24 * 3600.0
"""How long inputs and outputs are kept, as on Modal."""


class Blobs:
    """Contents by id, and files by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._objects = folder / "objects"
        self._files = folder / "files"
        self._drafts = folder / "drafts"
        for path in (self._objects, self._files, self._drafts):
            path.mkdir(parents=True, exist_ok=True)

    def new(self) -> str:
        """The id of a blob to come."""
        return new_id("bl")

    def path(self, blob_id: str) -> Path:
        """Where a blob lies, or will. Raises NotFound for what is no id."""
        if not _BLOB_ID.match(blob_id):
            raise NotFound(f"Blob {blob_id[:40]} does not exist.")
        return self._objects / blob_id

    def read(self, blob_id: str) -> bytes:
        """Raises NotFound."""
        try:
            return self.path(blob_id).read_bytes()
        except OSError as error:
            raise NotFound(f"Blob {blob_id} does not exist any more.") from error

    def draft(self) -> Path:
        """A place to write to before `keep` makes it a blob."""
        return self._drafts / new_id("draft")

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Files that have not been uploaded."""
        return [digest for digest in digests if not self.file(digest).exists()]

    def file(self, sha256: str) -> Path:
        """Where the file of this content lies, or will. Raises Invalid."""
        if not _SHA256.match(sha256):
            raise Invalid(f"{sha256[:80]!r} is not a SHA-256 in hexadecimal digits")
        return self._files / sha256[:2] / sha256

    def put_file(self, sha256: str, data: bytes) -> None:
        """Keep a file. Raises Invalid when the content is another."""
        self._check(sha256, hashlib.sha256(data).hexdigest())
        draft = self.draft()
        try:
            draft.write_bytes(data)
            self._place(draft, sha256)
        finally:
            draft.unlink(missing_ok=True)  # a full disk leaves a part of it

    def adopt_blob(self, sha256: str, blob_id: str) -> None:
        """Make a file of an uploaded blob. Raises Invalid, NotFound."""
        source = self.path(blob_id)
        try:
            with source.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise NotFound(f"Blob {blob_id} was not uploaded.") from error
        self._check(sha256, found)
        self._place(source, sha256)

    def drop_old(self) -> None:
        """Remove inputs and outputs past their time, and unfinished uploads."""
        oldest = time.time() - KEPT_S
        for path in self._drafts.iterdir():
            path.unlink(missing_ok=True)
        for path in self._objects.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _place(self, source: Path, sha256: str) -> None:
        target = self.file(sha256)
        target.parent.mkdir(exist_ok=True)
        source.replace(target)

    def _check(self, told: str, found: str) -> None:
        self.file(told)
        if told != found:
            raise Invalid(f"the uploaded content has SHA-256 {found}, not {told}")
