"""One local Modal for all end-to-end tests, so that images are built once.

Each project in it has an environment of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.local_modal import LocalModalServer, local_modal
from tests.fakes.pulumi_project import PulumiProject

collect_ignore = ["programs"]
"""Programs of users, with tests of their own that a test here runs as they would."""

LONGEST_S = 600
"""For a story of many commands on a busy machine; every command has a deadline of its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONGEST_S))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("e2e")) as running:
        yield running


@pytest.fixture(scope="session")
def project_in(
    server: LocalModalServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], PulumiProject]:
    """A new project, bound to an environment of its own."""

    def make(environment: str) -> PulumiProject:
        return PulumiProject(tmp_path_factory.mktemp(environment), server, environment)

    return make
