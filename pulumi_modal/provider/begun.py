"""Notes of environments whose creation has begun, beside Pulumi's own files on this machine.

Modal has no place for a mark on an environment. So before one is made, and only when it is not
there, a note is left: a create that was cut off before Pulumi had the answer is then told from an
environment that somebody else has made. The note goes with the first update or delete, for then the
state is known to have it; a read leaves all files as they are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HOME: Final = "PULUMI_HOME"
_FOLDER: Final = "modal-begun"


@dataclass(frozen=True, slots=True)
class Begun:
    """The note of one environment."""

    path: Path
    owner: str
    """The resource that it is for: another stack's create is none of ours."""

    @classmethod
    def of(cls, workspace: str, name: str, urn: str) -> Begun:
        """The note of this environment, whether it is there or not."""
        home = Path(os.environ.get(_HOME) or Path.home() / ".pulumi")
        digest = hashlib.sha256(f"{workspace}/{name}".encode()).hexdigest()[:24]
        return cls(home / _FOLDER / f"{digest}.json", f"{urn} in {Path.cwd()}")

    def note(self, environment_id: str = "") -> None:
        """Say that it is not there and about to be made, or which one came of it. OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{os.getpid()}")
        with draft.open("w") as file:
            json.dump({"environment_id": environment_id, "owner": self.owner}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def names(self, environment_id: str) -> bool:
        """Whether this environment came of a create that was begun here."""
        try:
            noted = json.loads(self.path.read_text())
            is_ours = noted["owner"] == self.owner
            return is_ours and noted["environment_id"] in {"", environment_id}
        except (OSError, ValueError, LookupError):
            return False

    def forget(self) -> None:
        """The state has it, or it is gone."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
