"""A local Modal whose disk is full refuses in a sentence, loses nothing, and goes on afterwards."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import modal
import pytest
from modal.exception import ResourceExhaustedError

from tests.fakes.local_modal import LocalModalServer
from tests.fakes.small_disk import SmallDisk, small_disk

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(180)


def command(disk: SmallDisk, word: str) -> None:
    """`python -m modal_local` beside that disk."""
    variables = {**os.environ, "MODAL_LOCAL_HOME": str(disk.folder), "PYTHONPATH": str(ROOT)}
    disk.run([sys.executable, "-m", "modal_local", word], variables)


def make_secrets(client: modal.Client, count: int) -> None:
    for number in range(count):
        modal.Secret.objects.create(f"secret-{number}", {"KEY": "x" * 900}, client=client)


def names(server: LocalModalServer) -> set[str]:
    with server.client() as client:
        return {one.name or "" for one in modal.Secret.objects.list(client=client)}


def test_a_full_disk_is_told_and_what_was_there_stays(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=16) as disk:
        command(disk, "start")
        server = LocalModalServer(disk.path)
        server.pid = int(json.loads((disk.path / "server.json").read_text())["pid"])
        try:
            with server.client() as client:
                modal.Secret.objects.create("before", {"KEY": "1"}, client=client)
                disk.fill()
                with pytest.raises(ResourceExhaustedError) as full:
                    make_secrets(client, 5000)  # until what SQLite has reserved is used up
            said = str(full.value)
            assert said.startswith("SecretGetOrCreate: the disk of the local Modal is full; free")
            assert "\n" not in said
            kept = names(server)
            assert "before" in kept

            disk.make_room()
            with server.client() as client:
                modal.Secret.objects.create("after", {"KEY": "1"}, client=client)
            server.kill()
            command(disk, "start")
            assert names(server) == kept | {"after"}
        finally:
            command(disk, "stop")
