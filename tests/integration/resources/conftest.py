"""One local Modal for the tests of all resources; each test has an environment of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.local_modal import LocalModalServer, local_modal


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("resources")) as running:
        yield running
