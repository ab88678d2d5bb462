"""An environment of its own in a local Modal, which the providers of this process reach."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulumi_modal.gateway import connect as connecting
from pulumi_modal.gateway.sdk import ModalGateway
from tests.fakes.local_modal import LocalModalServer

_numbers = itertools.count(1)


@contextmanager
def a_place(
    server: LocalModalServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A new environment while the block runs, with the server's own connection."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MODAL_LOCAL_HOME", str(server.home))
    monkeypatch.delenv("MODAL_ENVIRONMENT", raising=False)
    monkeypatch.setattr(connecting, "_OPEN", {})
    name = f"place-{next(_numbers)}"
    gateway = connecting.connect("local", name, folder)
    assert isinstance(gateway, ModalGateway)
    try:
        gateway.create_environment(name)
        yield name
    finally:
        gateway.close()
