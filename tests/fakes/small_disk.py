"""A disk of one's own that can be full: a memory file system in a name space of its own.

with small_disk(tmp_path / "mount", megabytes=8) as disk:
    disk.fill()                     # nothing more can be written below disk.path
    disk.make_room()
"""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

DEADLINE_S = 90
_CHUNK = 4096


@dataclass(frozen=True)
class SmallDisk:
    """A folder with little room, as it is in its name space."""

    folder: Path
    holder: int
    """The process whose name space it is."""

    @property
    def path(self) -> Path:
        """The same folder, seen from outside."""
        return Path(f"/proc/{self.holder}/root{self.folder}")

    def run(self, command: Sequence[str], environ: Mapping[str, str]) -> str:
        """Run a command in the name space; what it printed."""
        enter = ["nsenter", "--preserve-credentials", "-U", "-m", "-t", str(self.holder)]
        done = subprocess.run(
            [*enter, *command],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    @property
    def _filler(self) -> Path:
        return self.path / "filler"

    def fill(self, *, leave: int = 0) -> None:
        """Use up all room, but for so many bytes."""
        with self._filler.open("ab", buffering=0) as file:
            with suppress(OSError):
                while file.write(b"\0" * _CHUNK):
                    pass
            file.truncate(max(file.tell() - leave, 0))
        if not leave:
            with pytest.raises(OSError, match="No space left") as full:
                (self.path / "more").write_bytes(b"\0" * _CHUNK)
            assert full.value.errno == errno.ENOSPC
            (self.path / "more").unlink(missing_ok=True)

    def make_room(self) -> None:
        """As it was before it was filled."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """Mounted while the block runs; it needs no rights but those to a name space."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no `unshare` here")
    folder.mkdir(parents=True)
    script = f'mount -t tmpfs -o size={megabytes}m tmpfs "$1" && echo ready && exec cat'
    with subprocess.Popen(
        [unshare, "--map-root-user", "--mount", "sh", "-c", script, "sh", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        try:
            if not (holder.stdout and holder.stdout.readline().strip() == "ready"):
                pytest.skip("name spaces are not allowed here")
            yield SmallDisk(folder, holder.pid)
        finally:
            holder.terminate()
