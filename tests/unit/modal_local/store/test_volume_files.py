"""The files of a volume: no path leads out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from modal_local.errors import AlreadyExists, Conflict, LocalModalError, NotFound
from modal_local.store.volume_files import NewFile, VolumeFiles


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("not in the volume")
    root = tmp_path / "volume"
    root.mkdir()
    (root / "inside").write_text("x")
    (root / "out").symlink_to(tmp_path)
    (root / "direct").symlink_to(tmp_path / "secret")
    return root


@pytest.mark.parametrize(
    "path", ["../secret", "/../../secret", "out/secret", "direct", "a/../../x"]
)
def test_no_path_leads_out(volume: Path, tmp_path: Path, path: str) -> None:
    files = VolumeFiles(volume)
    content = tmp_path / "content"
    content.write_text("new")
    with pytest.raises(LocalModalError):
        files.file(path)
    with pytest.raises(LocalModalError):
        files.put([NewFile(path, [content])], overwrite=True)
    assert (tmp_path / "secret").read_text() == "not in the volume"


def test_a_file_is_written_whole_or_not_at_all(volume: Path, tmp_path: Path) -> None:
    files = VolumeFiles(volume)
    parts = [tmp_path / name for name in ("a", "b")]
    for part in parts:
        part.write_text(part.name)
    files.put([NewFile("deep/er", parts)], overwrite=False)
    assert files.file("deep/er").read_text() == "ab"
    with pytest.raises(AlreadyExists):
        files.put([NewFile("new", parts), NewFile("inside", parts)], overwrite=False)
    with pytest.raises(Conflict):
        files.put([NewFile("new", parts), NewFile("deep", parts)], overwrite=True)
    with pytest.raises(NotFound):
        files.file("new")
