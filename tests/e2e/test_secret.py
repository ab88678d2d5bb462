"""Secrets are named, checked for, and seen by nobody but the containers they are for."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

import pytest

from tests.fakes.leaks import files_with, watched_arguments
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.pulumi_project import PulumiProject

pytestmark = pytest.mark.timeout(300)

CALL = """
import modal
print(modal.Function.from_name("vault", "length", environment_name="secret").remote())
"""


def test_a_secret_is_checked_for_by_name_and_its_value_goes_nowhere(
    project_in: Callable[[str], PulumiProject], server: LocalModalServer
) -> None:
    project = project_in("secret")
    project.source("vault.py")
    project.declare(vault={"source": "services/vault.py"})

    refused = project.up(status=1)
    (error,) = [said for said in refused.errors if "secret vault" in said]
    assert "\n" not in error
    listed = json.loads(server.modal("app", "list", "--env", "secret", "--json").stdout)
    assert listed == []

    canary = secrets.token_hex(20)
    server.modal("secret", "create", "--env", "secret", "vault", f"CANARY={canary}")
    values = {"secret": canary, "token": server.access["MODAL_TOKEN_SECRET"]}
    with watched_arguments(values) as found:
        runs = [
            project.up(),
            project.preview("--refresh", "--expect-no-changes"),
            project.pulumi("preview", "--json", "--stack", "dev"),
            project.pulumi("stack", "export", "--show-secrets"),
        ]
    assert server.python(CALL).stdout.strip() == "40"
    assert found == set()
    for value in values.values():
        assert not [run.command for run in runs if value in run.text]
        assert files_with(project.folder, value) == []  # state, events, Pulumi's own logs
    assert canary not in (server.home / "server.log").read_text("utf-8")
    assert files_with(project.folder, "services/vault.py") != []  # looks into the state, too
