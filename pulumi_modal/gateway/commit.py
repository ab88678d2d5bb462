"""Which commit is deployed: git is asked once for a whole apply, not four times for every app."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Final

import modal.runner
from modal._utils.git_utils import get_git_commit_info
from modal_proto import api_pb2

_ASKED_BY_SDK: Final = "get_git_commit_info"


class Commit:
    """The commit of the working directory, as the SDK describes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: bytes | None = None

    def of(self, root: Path) -> bytes | None:
        """A serialized `CommitInfo`, empty outside git; None for another folder than this."""
        if root.resolve() != Path.cwd():
            return None
        with self._lock:
            if self._known is None:
                found = asyncio.run(get_git_commit_info())
                self._known = found.SerializeToString() if found else b""
            return self._known


def deploy_as(commit: bytes | None) -> None:
    """Let the SDK take this for the commit, in this process."""
    if commit is None:
        return

    async def known() -> api_pb2.CommitInfo | None:
        return api_pb2.CommitInfo.FromString(commit) if commit else None

    setattr(modal.runner, _ASKED_BY_SDK, known)
