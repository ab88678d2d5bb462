"""Uploaded files that a container finds under their paths."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from modal_proto import api_pb2

from modal_local.errors import Conflict, Invalid
from modal_local.settings import Home
from modal_local.store.store import Store

CONTENT = b"x = 1\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_equal_files_are_one_mount(tmp_path: Path) -> None:
    files = [api_pb2.MountFile(filename="/root/a.py", sha256_hex=SHA256)]
    with Store(Home(tmp_path)) as store:
        with pytest.raises(Conflict, match="not been uploaded"):
            store.mounts.create(files)
        store.blobs.put_file(SHA256, CONTENT)
        first = store.mounts.create(files)
        assert store.mounts.create(files) == first
        (file,) = store.mounts.files([first])
        assert (file.remote_path, file.content.read_bytes()) == ("/root/a.py", CONTENT)


@pytest.mark.parametrize("path", ["/root/../../a.py", "../a.py"])
def test_no_file_of_a_mount_leads_out(tmp_path: Path, path: str) -> None:
    with Store(Home(tmp_path)) as store:
        store.blobs.put_file(SHA256, CONTENT)
        with pytest.raises(Invalid, match="leads out"):
            store.mounts.create([api_pb2.MountFile(filename=path, sha256_hex=SHA256)])
